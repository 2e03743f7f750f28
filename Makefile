# In a fresh clone, this needs make, Python 3.11 or newer, and access to the Python package index.
PYTHON = python3
ARGS =
INSTALLED = .venv/requirements.txt
RUN = PATH="$(CURDIR)/.venv/bin:$$PATH"

# For each paper, the figure whose trainings are the shortest.
DEMO = $(patsubst %,results/quick/figures/%.png,han2025_fig7 sakamoto2026_fig11 zhao2026_fig9)

.PHONY: help demo figures test clean-env

help:
	@echo 'make demo                  one figure of each paper: one or two minutes on two cores'
	@echo 'make figures               all figures, tables and verdicts at scale quick: half an hour'
	@echo 'make figures ARGS="…"      with any option or target of snakemake, as in'
	@echo '                             ARGS="-n"   ARGS="-c1"   ARGS="--config scale=paper"'
	@echo '                             ARGS="results/quick/figures/sakamoto2026_fig3.pdf"'
	@echo 'make test                  every test; ARGS goes to pytest, as in ARGS="-k report"'
	@echo 'make clean-env             remove .venv, into which the other commands install'
	@echo
	@echo 'With PYTHON=python3.12, .venv is made from that Python.'

demo: $(INSTALLED)
	@$(RUN) snakemake $(ARGS) -- $(DEMO)
	@echo 'One figure of each paper, with a .pdf and a .csv beside it:'
	@printf '  %s\n' $(DEMO)

figures: $(INSTALLED)
	@$(RUN) snakemake $(ARGS)

# One worker runs all tests of a file, so that what these tests share is made only once.
test: $(INSTALLED)
	@$(RUN) OMP_NUM_THREADS=1 pytest -n auto --dist loadfile $(ARGS)

# The list is copied last. So the copy shows that everything in the list is installed.
$(INSTALLED): requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo 'error: $(PYTHON) is not found; Python 3.11 or newer is needed: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("error: $(PYTHON) is %d.%d; 3.11 or newer is needed: make PYTHON=python3.12" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'error: $(PYTHON) has no venv module; on Debian: apt install python3-venv' >&2; exit 1; }
	@echo 'Installing requirements.txt into .venv (once; minutes)'
	@test -x .venv/bin/pip || $(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@cp requirements.txt $@

clean-env:
	rm -rf .venv
