# look.sh - what a process sees of the machine and of its own place there, one "name value" a line. The test holds what
# memsched says against it, so it asks the kernel's files itself.
# With "wait", in a task: waits for the brake, which is set in the tick after the start and lifted for the last one that
# runs, and then tells the others that they may end.
say() { printf '%s %s\n' "$1" "$2"; }
readable() { if cat "$1" > /dev/null 2>&1; then echo yes; else echo no; fi; }
there() { if [ -e "$1" ]; then echo yes; else echo no; fi; }

say host.pressure "$(readable /proc/pressure/memory)"
say total.kib "$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)"
say swap.kib "$(sed -n 's/^SwapTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)"
say oomd "$(if grep -qx systemd-oomd /proc/[0-9]*/comm 2> /dev/null; then echo yes; else echo no; fi)"
say v1 "$(if grep -q ' - cgroup [^ ]* [^ ]*memory' /proc/self/mountinfo; then echo yes; else echo no; fi)"

mount=$(sed -n 's/^[^ ]* [^ ]* [^ ]* [^ ]* \([^ ]*\) .* - cgroup2 .*/\1/p' /proc/self/mountinfo | head -n 1)
path=$(sed -n 's/^0:://p' /proc/self/cgroup)
say v2 "$(if [ -n "$mount" ]; then echo yes; else echo no; fi)"
say own "${path:-none}"
own=$mount$path
say own.current "$(there "$own/memory.current")"
say own.peak "$(there "$own/memory.peak")"
say own.kill "$(there "$own/cgroup.kill")"
say own.pressure "$(readable "$own/memory.pressure")"
tries=0
while [ "${1:-}" = wait ] && [ "$(cat "$own/../memory.high" 2> /dev/null)" = max ] && [ "$tries" -lt 300 ]; do
  tries=$((tries + 1))
  sleep 0.2
done
say above.high "$(cat "$own/../memory.high" 2> /dev/null || echo none)"
if [ "${1:-}" = wait ]; then : > "looked.$MEMSCHED_RUN_ID"; fi
