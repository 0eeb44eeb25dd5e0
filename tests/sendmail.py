"""A sendmail for tests: writes what it is given into a folder.

    python tests/sendmail.py FOLDER [-bs] [-t] [-i] [-f SENDER] [--] RECIPIENT...

With the file `exit` in the folder it ends with the code in it; with `hang` it does not end.
"""

import os
import re
import sys
import time  # noqa: TID251  # a process of its own
from pathlib import Path


def keep(folder: Path, sender: str, recipients: list[str], text: bytes) -> None:
    stem = f"{time.time_ns()}-{os.getpid()}"
    (folder / f"{stem}.to").write_text("\n".join([sender, *recipients]))
    (folder / f"{stem}.eml").write_bytes(text)


def converse(folder: Path) -> None:
    def say(line: str) -> None:
        sys.stdout.write(f"{line}\r\n")
        sys.stdout.flush()

    say("220 here")
    sender, recipients = "", list[str]()
    while line := sys.stdin.buffer.readline().decode().strip():
        verb, _, rest = line.partition(" ")
        address = rest[rest.find("<") + 1 : rest.find(">")]
        if verb.upper() == "QUIT":
            say("221 bye")
            return
        if verb.upper() == "MAIL":
            sender, recipients = address, []
        elif verb.upper() == "RCPT":
            if address.startswith("gone@"):
                say("550 5.1.1 no such user")
                continue
            recipients.append(address)
        elif verb.upper() == "DATA":
            say("354 go on")
            lines: list[bytes] = []
            while (data := sys.stdin.buffer.readline()) != b".\r\n":
                if not data:
                    return
                lines.append(data.removeprefix(b"."))
            keep(folder, sender, recipients, b"".join(lines))
        say("250 fine")


def main() -> int:
    folder, words = Path(sys.argv[1]), sys.argv[2:]
    if (folder / "hang").exists():
        time.sleep(60)
    if "-bs" in words:
        converse(folder)
        return 0
    text = sys.stdin.buffer.read()
    if (folder / "exit").exists():
        sys.stderr.write("sendmail: fatal: it is so\n")
        return int((folder / "exit").read_text())
    sender = words[words.index("-f") + 1]
    recipients = words[words.index("--") + 1 :] if "--" in words else []
    if "-t" in words:
        kept: list[bytes] = []
        head, _, body = text.partition(b"\n\n")
        for line in re.split(rb"\n(?![ \t])", head):
            name, _, value = line.partition(b":")
            if name.lower() in {b"to", b"cc", b"bcc"}:
                for one in value.decode().split(","):
                    address = one[one.find("<") + 1 :].strip(" >")
                    if address not in recipients:
                        recipients.append(address)
            if name.lower() != b"bcc":
                kept.append(line)
        text = b"\n".join(kept) + b"\n\n" + body
    keep(folder, sender, recipients, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
