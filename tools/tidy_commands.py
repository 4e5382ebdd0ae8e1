"""tidy_commands.py COMPILE_COMMANDS FOLDER: part of tools/tidy.

Writes FOLDER/compile_commands.json with what only GCC understands taken out of the commands, and
prints those of the files on standard input that have a command.
"""
import json
import os
import re
import shlex
import sys


def sources(entry):
    """The files that a command compiles: its own, or those of a unity file, which are compiled
    together and checked one by one."""
    path = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
    if not re.fullmatch(r"unity_\d+_cxx\.cxx", os.path.basename(path)):
        return [path]
    with open(path, encoding="utf-8") as file:
        return [os.path.realpath(one) for one in re.findall(r'^#include "(.*)"$', file.read(), re.M)]


def clang_arguments(command, build):
    """The command without compiler launcher, precompiled header and GCC's own flags. Generated
    headers become system headers: nobody can mend them."""
    kept = []
    arguments = iter(shlex.split(command))
    for argument in arguments:
        if argument == "-include":
            header = next(arguments)
            if not header.endswith("cmake_pch.hxx"):
                kept += [argument, header]
        elif argument.startswith("-I" + build):
            kept += ["-isystem", argument[2:]]
        elif argument not in ("-fpch-preprocess", "-Winvalid-pch"):
            kept.append(argument)
    while kept and not os.path.basename(kept[0]).startswith(("c++", "g++", "clang++")):
        del kept[0]
    vector = os.path.join(os.path.dirname(os.path.realpath(__file__)), "tidy_vector.h")
    return kept[:1] + ["-include", vector] + kept[1:]


def main():
    source, folder = sys.argv[1:]
    build = os.path.dirname(os.path.realpath(source))
    wanted = [line.strip() for line in sys.stdin if line.strip()]
    with open(source, encoding="utf-8") as file:
        entries = json.load(file)
    written, known = [], set()
    for entry in entries:
        arguments = clang_arguments(entry["command"], build)
        for path in sources(entry):
            if path in known:
                continue
            known.add(path)
            # clang-tidy looks for the file among the arguments.
            own = [path if one.endswith(entry["file"]) else one for one in arguments]
            written.append({"directory": entry["directory"], "file": path, "arguments": own})
    with open(os.path.join(folder, "compile_commands.json"), "w", encoding="utf-8") as file:
        json.dump(written, file)
    for path in wanted:
        if os.path.realpath(path) in known:
            print(path)
        else:
            print(f"tools/tidy: no target compiles {path}; left out", file=sys.stderr)


main()
