"""check_rules.py ROOT: the rules of docs/architecture.md that need no compiler.

- No source file has more than 500 lines, no function in a .cpp file more than 60.
- No string of the core has the name of a first-party plugin in it.
- Includes point one way: tools -> core <- plugins, datasets, pipelines; no plugin folder includes
  another one's headers.
- Relative links in Markdown files lead to something, their anchors too.
- Headers begin with #pragma once.
- What a header of the core shows behind "Example:" is compiled by a test.
- Only core/system asks how many processors there are: others would forget affinity or quotas.
"""
import os
import re
import subprocess
import sys

LONGEST_FILE = 500
LONGEST_FUNCTION = 60
SOURCES = (".h", ".cpp", ".proto", ".py", ".cmake", ".sh")
PLUGIN_ROOTS = ("plugins", "datasets", "pipelines")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
EXAMPLES = "tests/core/examples"
EXAMPLE_LINE = re.compile(r"^\s*//   (.*)$")
PROCESSORS = re.compile(
    r"\b(hardware_concurrency|get_nprocs|sched_getaffinity|_SC_NPROCESSORS\w*|getNumberOfCPUs|"
    r"omp_get_num_procs)\b")
REGISTERED = re.compile(r'\bTASUKI_REGISTER\w*\s*\([^;"]*"([^"]+)"')
# A comment, a raw string or a string: what comes first decides what the rest is.
COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\((?P<raw>.*?)\)\1"|"(?P<plain>(?:\\.|[^"\\\n])*)"', re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEAD = re.compile(r"^( {0,2})(?!namespace|class|struct|enum|union|extern|template)[^\s#/}]")


def list_files(root):
    """Tracked and new files; without git, everything outside build folders."""
    command = ["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = set(listed.stdout.splitlines())
    else:
        names = set()
        for folder, folders, files in os.walk(root):
            folders[:] = [name for name in folders if name not in ("build", ".git")]
            names.update(os.path.relpath(os.path.join(folder, name), root) for name in files)
    return sorted(name for name in names if os.path.isfile(os.path.join(root, name)))


def check_length(name, lines):
    if name.endswith(SOURCES) and len(lines) > LONGEST_FILE:
        yield f"{name}: {len(lines)} lines; at most {LONGEST_FILE}"


def functions(lines):
    """(first line, last line) of function bodies, counted from 1. Relies on clang-format: a body
    ends at the closing brace that has the indentation of the function's first line."""
    first = end = None
    inside = False
    for number, line in enumerate(lines, 1):
        if inside:
            if line.startswith(end):
                yield first, number
                first, inside = None, False
            continue
        if first is None:
            head = HEAD.match(line)
            if not head:
                continue
            first, end = number, head.group(1) + "}"
        if line.endswith("{"):
            inside = not line.endswith("= {")
            first = first if inside else None
        elif line.endswith((";", "}", ":")) or not line:
            first = None


def check_functions(name, lines):
    if not name.endswith((".h", ".cpp")):
        return
    for first, last in functions(lines):
        if last - first + 1 > LONGEST_FUNCTION:
            yield (f"{name}:{first}: a function of {last - first + 1} lines; "
                   f"at most {LONGEST_FUNCTION}")


def part_of(name):
    """("core", "") or, for plugins, ("plugins", "tasks")."""
    parts = name.split("/")
    if parts[0] in PLUGIN_ROOTS and len(parts) > 2:
        return parts[0], parts[1]
    return parts[0], ""


def check_includes(name, lines):
    here = part_of(name)
    if not name.endswith((".h", ".cpp")) or here[0] not in PLUGIN_ROOTS + ("core", "tools"):
        return
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        there = part_of(match.group(1))
        if there[0] == "core":
            yield f"{name}:{number}: includes {match.group(1)}; the core's headers are tasuki/..."
        if there[0] not in PLUGIN_ROOTS + ("tools", "tests", "docs") or there == here:
            continue
        yield f"{name}:{number}: includes {match.group(1)}; {'/'.join(here).rstrip('/')} may not"


def check_pragma(name, lines):
    if name.endswith(".h") and "#pragma once" not in lines:
        yield f"{name}: no #pragma once"


def check_processors(name, lines):
    if not name.endswith((".h", ".cpp")) or "core/system/" in name:
        return
    for number, line in enumerate(lines, 1):
        match = PROCESSORS.search(line)
        if match:
            yield (f"{name}:{number}: {match.group(1)}; ask usable_processors() of "
                   "core/system/processors.h")


def squeezed(code):
    """The code without comments and white space."""
    return "".join(re.sub(r"(^|\s)//.*", "", line) for line in code.splitlines()).replace(" ", "")


def examples_of(text):
    """(line number, code) of each example in a header's comments."""
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip() != "// Example:":
            continue
        code = []
        for following in lines[number:]:
            match = EXAMPLE_LINE.match(following)
            if not match:
                break
            code.append(match.group(1))
        yield number, "\n".join(code)


def check_examples(name, text, compiled):
    if not name.startswith("core/") or not name.endswith(".h"):
        return
    for number, code in examples_of(text):
        if not squeezed(code) or squeezed(code) not in compiled:
            yield f"{name}:{number}: no test in {EXAMPLES} compiles this example"


def compiled_examples(root):
    folder = os.path.join(root, EXAMPLES)
    text = ""
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text += squeezed(file.read())
    return text


def registered_names(root, names):
    """The names that plugins' files register."""
    found = set()
    for name in names:
        if name.endswith(".cpp") and name.split("/")[0] in PLUGIN_ROOTS:
            with open(os.path.join(root, name), encoding="utf-8") as file:
                found.update(REGISTERED.findall(file.read()))
    return found


def check_plugin_names(name, text, plugins):
    if not name.endswith((".h", ".cpp")) or not name.startswith("core/") or not plugins:
        return
    known = re.compile(r"(?<![\w/])(%s)(?!\w)" % "|".join(map(re.escape, sorted(plugins))))
    for match in COMMENT_OR_STRING.finditer(text):
        plugin = known.search(match.group("raw") or match.group("plain") or "")
        if plugin:
            number = text.count("\n", 0, match.start()) + 1
            yield f"{name}:{number}: the core names the plugin {plugin.group(1)}; take it from a config"


def anchor(heading):
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors_of(path):
    with open(path, encoding="utf-8") as file:
        text = FENCE.sub("", file.read())
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


def check_links(root, name, text):
    if not name.endswith(".md"):
        return
    for target in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, fragment = target.partition("#")
        path = os.path.join(root, os.path.dirname(name), file) if file else os.path.join(root, name)
        if not os.path.exists(path):
            yield f"{name}: the link {target} leads nowhere"
        elif fragment and path.endswith(".md") and fragment not in anchors_of(path):
            yield f"{name}: the link {target} has no such heading"


def breaches(root):
    names = list_files(root)
    plugins = registered_names(root, names)
    compiled = compiled_examples(root)
    for name in names:
        if not name.endswith(SOURCES + (".md",)):
            continue
        with open(os.path.join(root, name), encoding="utf-8") as file:
            text = file.read()
        lines = text.splitlines()
        for check in (check_length, check_functions, check_includes, check_pragma,
                      check_processors):
            yield from check(name, lines)
        yield from check_plugin_names(name, text, plugins)
        yield from check_examples(name, text, compiled)
        yield from check_links(root, name, text)


def main():
    found = list(breaches(sys.argv[1]))
    print("\n".join(found) or "every rule holds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
