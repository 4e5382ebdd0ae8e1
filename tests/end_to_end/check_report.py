"""check_report.py REPORT SECTION...: a headless Chromium opens a report of `tasuki`.

Fails unless the page has exactly these sections, all charts are drawn, all pictures are loaded,
nothing but the file itself is asked for, and the console stays silent.
"""
import html
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request

# What the page looks like once it is loaded, written into the page itself.
PROBE = """<script>
window.addEventListener("load", function () {
  function sized(node) {
    var box = node.getBoundingClientRect();
    return box.width > 0 && box.height > 0;
  }
  function all(selector) { return Array.from(document.querySelectorAll(selector)); }
  var found = {
    sections: all("main > section").filter(sized).map(function (node) { return node.id; }),
    links: all("nav a").map(function (node) { return node.getAttribute("href").slice(1); }),
    charts: all("figure.chart").length,
    drawn: all("figure.chart > svg").filter(function (svg) {
      return sized(svg) && Array.from(svg.querySelectorAll("path, polyline, circle")).some(
        function (node) { var box = node.getBBox(); return box.width + box.height > 0; });
    }).length,
    pictures: all("img").length,
    loaded: all("img").filter(function (img) {
      return img.complete && img.naturalWidth > 0 && img.naturalHeight > 0;
    }).length,
    requests: performance.getEntriesByType("resource").map(function (entry) {
      return entry.name;
    }).filter(function (name) { return !name.startsWith("data:"); })
  };
  var out = document.createElement("pre");
  out.id = "findings";
  out.textContent = JSON.stringify(found);
  document.body.appendChild(out);
});
</script></body>"""


def browse(page, profile):
    """The page's DOM once it is loaded, and what the console said."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
               "--no-first-run", "--disable-background-networking", "--disable-component-update",
               "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND",
               "--user-data-dir=" + profile, "--enable-logging=stderr", "--dump-dom",
               "file://" + urllib.request.pathname2url(os.path.abspath(page))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def with_probe(report, folder):
    with open(report, encoding="utf-8") as file:
        text = file.read()
    assert text.count("</body>") == 1, "the report has one body"
    # Before any script runs: nothing in the file may name what is outside of it.
    outside = [value for value in re.findall(r'(?:src|href|action)="([^"]*)"', text)
               if not value.startswith(("#", "data:"))]
    assert not outside, f"refers to {outside[:5]}"
    copy = os.path.join(folder, "probed.html")
    with open(copy, "w", encoding="utf-8") as file:
        file.write(text.replace("</body>", PROBE))
    return copy


def main():
    report, sections = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        dom, console = browse(with_probe(report, folder), os.path.join(folder, "profile"))
    match = re.search(r'<pre id="findings">(.*?)</pre>', dom, re.DOTALL)
    assert match, "the page was loaded, and its scripts run"
    found = json.loads(html.unescape(match.group(1)))
    assert found["sections"] == sections, found["sections"]
    assert found["links"] == sections, found["links"]
    assert found["drawn"] == found["charts"], f"{found['drawn']} of {found['charts']} charts drawn"
    assert (found["charts"] > 0) == ("curves" in sections), f"{found['charts']} charts"
    assert found["loaded"] == found["pictures"], (
        f"{found['loaded']} of {found['pictures']} pictures loaded")
    assert found["pictures"] > 0, "the report has pictures"
    assert not found["requests"], f"asks for {found['requests'][:5]}"
    assert not console, "\n".join(console)
    print(f"{report}: {len(sections)} sections, {found['charts']} charts, "
          f"{found['pictures']} pictures")


if __name__ == "__main__":
    main()
