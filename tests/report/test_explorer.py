"""The explorer of a small run, opened in a browser: choosing, filtering, linking to a view."""

import pandas as pd
import pytest

pytest.importorskip("plotly", reason="plotly is not installed")

from latephase.drawing import explorer_page
from tests.report import console
from tests.report.small_run import snakemake

pytestmark = pytest.mark.workflow

PAGE = "results/quick/explore/weight_decay_mlp.html"
DATA = "results/quick/studies/weight_decay_mlp.parquet"
DRAWN = """
return document.getElementById("plot").data.map(trace => ({
  name: trace.name, mode: trace.mode, text: trace.text.filter(text => text),
  points: trace.x.map((x, i) => [x, trace.y[i]]).filter(([x]) => x !== null)}));
"""


@pytest.fixture(scope="module")
def page(project):
    snakemake(project, PAGE)
    return project / PAGE


@pytest.fixture(params=[(1400, "light"), (400, "dark")], ids=str)
def explorer(browser, page, request):
    """The page at a width and in a scheme; at the end nothing has gone wrong."""
    width, scheme = request.param
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    console.forget(browser)
    opened(browser, page.as_uri())
    yield browser
    assert console.errors(browser) == []
    assert console.requests(browser) == []
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def opened(browser, address):
    """Open an address anew, and wait until it has drawn."""
    browser.get("about:blank")
    browser.get(address)
    wait(browser)


def wait(browser):
    """Wait until the page has drawn what was chosen."""
    from selenium.webdriver.support.wait import WebDriverWait

    ready = "return document.documentElement.dataset.ready === 'yes'"
    WebDriverWait(browser, 120).until(lambda _: browser.execute_script(ready))


def items(browser, css):
    return browser.find_elements("css selector", css)


def choose(browser, **fields):
    from selenium.webdriver.support.select import Select

    for name, value in fields.items():
        Select(items(browser, f"select[name={name}]")[0]).select_by_visible_text(value)


def drawn(browser):
    wait(browser)
    return {trace["name"]: trace for trace in browser.execute_script(DRAWN)}


def count(browser):
    wait(browser)
    return items(browser, "output")[0].text


def test_the_plot_shows_the_data(explorer, project):
    df = pd.read_parquet(project / DATA)
    choose(explorer, y="rnc1: RNC1", xs="linear")
    traces = drawn(explorer)
    assert {*traces} == {"42", "43"}  # the one decay tells nothing apart, the seed does
    assert all(trace["mode"] == "lines+markers" for trace in traces.values())
    for seed, rows in df.groupby("seed"):
        points = sorted(traces[str(seed)]["points"])
        assert [x for x, _ in points] == rows["step"].tolist()
        assert [y for _, y in points] == pytest.approx(rows["rnc1"].tolist(), rel=1e-4)
    assert count(explorer) == f"2 of 2 runs, {len(df)} points"


def test_a_logarithmic_axis_says_what_it_cannot_show(explorer, project):
    df = pd.read_parquet(project / DATA)
    zero = int((df["step"] == 0).sum())
    choose(explorer, y="rnc1: RNC1", xs="log")
    told = f"2 of 2 runs, {len(df) - zero} points; {zero} have no value that these axes can show"
    assert count(explorer) == told


def test_hovering_tells_run_and_step(explorer, project):
    df = pd.read_parquet(project / DATA)
    choose(explorer, xs="linear")
    told = [text for trace in drawn(explorer).values() for text in trace["text"]]
    first = df.iloc[0]
    assert f"run {first['run']}, step {first['step']}<br>seed 42" in told


def test_runs_can_be_left_out_and_the_address_keeps_the_view(explorer):
    choose(explorer, x="nc0: NC0", y="nc3_duality: NC3", draw="points", at="last", ys="log")
    items(explorer, "summary")[0].click()
    items(explorer, "input[name='f.seed']")[0].click()
    view = drawn(explorer)
    assert {*view} == {"43"}
    assert view["43"]["mode"] == "markers"
    assert len(view["43"]["points"]) == 1
    address = explorer.current_url
    assert "x=nc0" in address
    opened(explorer, address)
    assert drawn(explorer) == view
    assert count(explorer).startswith("1 of 2 runs, 1 point")
    items(explorer, "button[type=reset]")[0].click()
    items(explorer, "h1")[0].click()
    assert count(explorer).startswith("2 of 2 runs")


def test_nothing_is_wider_than_the_window(explorer):
    widths = "const e = document.documentElement; return [e.scrollWidth, e.clientWidth]"
    whole, window = explorer.execute_script(widths)
    assert whole == window


def test_everything_to_choose_has_a_name_and_takes_the_focus(explorer):
    items(explorer, "summary")[0].click()
    for field in items(explorer, "select, form button, input"):
        assert field.accessible_name
        explorer.execute_script("arguments[0].focus()", field)
        assert explorer.switch_to.active_element == field
    assert "accuracy_test against step" in items(explorer, "#plot")[0].accessible_name


def test_many_points_are_lines_without_marks_but_for_a_point_alone(browser, tmp_path):
    """A mark for each of thousands of points would hide the lines."""
    runs = [many_points(run, seed=run % 2) for run in range(40)]
    page = tmp_path / "many.html"
    text = explorer_page.page(pd.concat(runs), ["seed"], "t", "q", note="n", thinned="")
    page.write_text(text, encoding="utf-8")
    opened(browser, page.as_uri())
    choose(browser, y="nc0: NC0", colour="seed")
    assert {trace["mode"] for trace in drawn(browser).values()} == {"lines"}
    choose(browser, y="now_and_then")
    assert {name: trace["mode"] for name, trace in drawn(browser).items()} == {
        "0": "lines",
        "1": "lines+markers",
    }
    assert console.errors(browser) == []


def many_points(run, seed):
    """A run of 100 steps. With seed 1, only every third value of now_and_then is known."""
    steps = range(1, 101)
    alone = [1.0 if seed == 0 or step % 3 == 0 else float("nan") for step in steps]
    values = {"step": steps, "nc0": 1.0, "now_and_then": alone}
    return pd.DataFrame({"run": str(run), "seed": seed} | values)
