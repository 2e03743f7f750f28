"""What a browser says of a page: what went wrong, and what it asked for outside."""

import json


def forget(browser) -> None:
    """Leave behind what was said of the page before."""
    browser.get_log("browser")
    browser.get_log("performance")


def errors(browser) -> list[str]:
    """What the console says is wrong."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def requests(browser) -> list[str]:
    """The addresses that were asked for outside the page."""
    events = [json.loads(e["message"])["message"] for e in browser.get_log("performance")]
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
        and event["params"]["request"]["url"].startswith(("http:", "https:", "ws:", "wss:"))
    ]
