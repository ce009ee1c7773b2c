# SPDX-License-Identifier: GPL-2.0-or-later
# Runs a command on a terminal of its own and answers it: terminal.py [EXPECTED ANSWER]... -- COMMAND...
# When EXPECTED (which may be a part of a line) has been shown, ANSWER is typed with the Enter key; '^C' and '^D' are those keys.
# Prints what the terminal showed, and exits with the command's status, 128 and more for a signal as a shell has it; 99 after
# four minutes, and 98 if the terminal does not echo at the end what is typed.
import fcntl, os, pty, select, signal, sys, termios, time

split = sys.argv.index("--")
steps, command = sys.argv[1:split], sys.argv[split + 1:]
terminal, held = pty.openpty()  # the second stays open, so that its state outlives the command
pid = os.fork()
if pid == 0:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    fcntl.ioctl(held, termios.TIOCSCTTY, 0)
    for number in (0, 1, 2):
        os.dup2(held, number)
    os.closerange(3, 100)
    os.execvp(command[0], command)
shown, seen, end, status = b"", 0, time.monotonic() + 240, None
while status is None or select.select([terminal], [], [], 0)[0]:
    if time.monotonic() > end:
        os.kill(pid, signal.SIGKILL)
        status = 99
        break
    if select.select([terminal], [], [], 0.05)[0]:
        shown += os.read(terminal, 4096)
        if steps and (at := shown.find(steps[0].encode(), seen)) >= 0:
            seen = at + len(steps[0].encode())
            answer = {"^C": b"\x03", "^D": b"\x04"}.get(steps[1], steps[1].encode() + b"\n")
            steps = steps[2:]
            os.write(terminal, answer)
    elif status is None:
        done, code = os.waitpid(pid, os.WNOHANG)
        if done:
            status = os.WEXITSTATUS(code) if os.WIFEXITED(code) else 128 + os.WTERMSIG(code)
if status != 99 and not termios.tcgetattr(held)[3] & termios.ECHO:
    status = 98
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
sys.exit(status)
