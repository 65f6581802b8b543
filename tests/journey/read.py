# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/journey/run has recorded: functions, files and folders of each journey.

A journey is the turns of the daemon's loop in which one of its landmarks is entered. A pair
is a function's file and the file of a function that it calls; a pair of folders is an arrow
up if the callee's folder stands below the caller's in user/FOLDERS, as events do.
"""
import os
import struct
import subprocess
import sys

ENTERED = 1 << 63
LANDMARKS = {
    "add": {"edit_backend_add", "engine_flush", "went_up"},
    "reload": {"file_reload", "engine_flush"},
}


def symbols(program):
    names = {}
    for line in subprocess.check_output(["nm", program], text=True).splitlines():
        parts = line.split()
        if len(parts) == 3 and parts[1] in "tTW":
            names[int(parts[0], 16)] = parts[2]
    lines = subprocess.check_output(
        ["addr2line", "-e", program] + [hex(a) for a in names], text=True).splitlines()
    files = {}
    for address, line in zip(names, lines):
        path = line.split(":")[0]
        at = path.rfind("user/")
        files[address] = path[at + 5:] if at >= 0 else None
    return names, files


def turns(words):
    """Lists of (caller, callee, depth), one for each call from the loop."""
    stack, turn = [], []
    for word in words:
        function = word & ~ENTERED
        if word & ENTERED:
            turn.append((stack[-1] if stack else None, function, len(stack) + 1))
            stack.append(function)
        elif stack:
            stack.pop()
            if not stack:
                yield turn
                turn = []


def main(program, trace, spans):
    names, files = symbols(program)
    order = [line.split()[0] for line in open("user/FOLDERS")
             if line.strip() and not line.startswith("#")]
    place = {folder: i for i, folder in enumerate(order)}
    for line in open(spans):
        journey, begin, end = line.split()
        with open(trace, "rb") as data:
            data.seek((int(begin) + 1) * 8)
            raw = data.read((int(end) - int(begin)) * 8)
        words = struct.unpack("<%dQ" % (len(raw) // 8), raw)
        calls = [call for turn in turns(words)
                 if any(names.get(f) in LANDMARKS[journey] for _, f, _ in turn)
                 for call in turn]
        pairs = {(files.get(a), files.get(b)) for a, b, _ in calls
                 if files.get(a) and files.get(b) and files[a] != files[b]}
        folders = {(os.path.dirname(a), os.path.dirname(b)) for a, b in pairs
                   if os.path.dirname(a) != os.path.dirname(b)}
        up = sorted(p for p in folders if place[p[1]] > place[p[0]])
        print("%s: %d functions, %d files, %d pairs of files (%d mutual), depth %d" % (
            journey, len({f for _, f, _ in calls}),
            len({files[f] for _, f, _ in calls if files.get(f)}), len(pairs),
            sum((b, a) in pairs for a, b in pairs) // 2, max(d for _, _, d in calls)))
        print("    %d folders, %d pairs of them, %d up: %s" % (
            len({os.path.dirname(files[f]) for _, f, _ in calls if files.get(f)}),
            len(folders), len(up), ", ".join("%s -> %s" % p for p in up)))


main(*sys.argv[1:4])
