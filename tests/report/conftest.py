"""A small run with everything that is made of it, and a browser to open its pages in."""

import shutil
from pathlib import Path

import pytest

from tests.report.small_run import copied, snakemake

CHROMIUM = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--window-size=1400,900",
)


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    """A folder in which everything was made; what was printed lies beside it."""
    folder = copied(tmp_path_factory.mktemp("report") / "latephase")
    (folder / "printed.txt").write_text(snakemake(folder))
    return folder


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Headless Chromium, nothing in its profile, no network needed."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("chromium and chromium-driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (*CHROMIUM, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield chrome
    chrome.quit()
