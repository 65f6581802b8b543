#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks by programs: good, bad, hanging, too many; without a way to what is the daemon's; their
# starter ends, and nobody is down for that; who may name a program, and where there can be none.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
lab nginx
chmod 755 "$RUN"
mkdir -m 755 "$RUN/programs"
mkdir -m 777 "$RUN/seen"
program() { # NAME: from standard input
	cat >"$RUN/programs/$1.new"
	chmod 755 "$RUN/programs/$1.new"
	mv "$RUN/programs/$1.new" "$RUN/programs/$1"
}
write() { # CHECK OF ONE
	config <<EOT
interfaces: [eth0, eth1]
services:
  one:
    vip: $VIP4:80/tcp
    mode: nat
    check: $1
    backends: {b1: $(lab address b1), b2: {address: $(lab address b2), port: 80}}
  two:
    vip: $VIP4:81/tcp
    mode: nat
    check: {type: exec, program: $RUN/programs/two, args: [--of, "two words"], $FAST}
    backends: {b1: $(lab address b1)}
EOT
}
FAST="interval: 200ms, timeout: 150ms, rise: 1, fall: 2, jitter: 0"
EXEC="{type: exec, program: $RUN/programs/one, $FAST}"
of() { # SERVICE BACKEND FILTER
	xring --json backend list "$1" | jq -rc ".[] | select(.name == \"$2\") | $3"
}
program one <<EOT
#!/bin/sh
[ ! -e "$RUN/bad-\$XRING_BACKEND" ] || { cat "$RUN/bad-\$XRING_BACKEND"; exit 2; }
EOT
program two <<EOT
#!/bin/sh
echo "\$# \$1 \$2; \$XRING_SERVICE \$XRING_BACKEND \$XRING_ADDRESS \$XRING_PORT"
exit 1
EOT
child() { awk '{ print $1 }' "/proc/$(daemon_pid)/task/$(daemon_pid)/children"; }	# of the daemon: the starter
checked() { "$BUILD/xringd" --check -f "$RUN/xring.yaml" "$@"; }

echo "where there can be no program"
write "$EXEC"
fails 2 "xring.yaml:4:3: service one: check type exec: want a user nosuchuser of this host" \
	checked --exec-user nosuchuser
fails 2 "want --exec-user another user, of another group, than that of xringd" \
	lb timeout 20 "$BUILD/xringd" -f "$RUN/xring.yaml" --bpffs "$RUN/bpf" \
	--socket "$RUN/sock" --state "$RUN/state" --exec-user nobody --user nobody
checked --exec-user nobody >/dev/null
write "{type: exec, program: $RUN/programs/none}"
fails 2 "service one: check program $RUN/programs/none: No such file or directory" \
	checked --exec-user nobody
write "{type: exec, program: $RUN/programs}"
fails 2 "want a file that can be executed" checked --exec-user nobody

echo "good and bad"
write "$EXEC"
start --user root --exec-user nobody
wait_for equals up of one b1 .health
wait_for equals up of one b2 .health
wait_for equals down of two b1 .health
equal "what it is told" "$(of two b1 .why)" \
	"exit code 1: 2 --of two words; two b1 $(lab address b1) 81 "
echo "the disk is full" >"$RUN/bad-b2"
wait_for equals down of one b2 .health
equal "why" "$(of one b2 .why)" "exit code 2: the disk is full "
equal "the other" "$(of one b1 .health)" up
rm "$RUN/bad-b2"
wait_for equals up of one b2 .health

echo "what hangs is killed with all that it started"
program one <<EOT
#!/bin/sh
[ \$XRING_BACKEND = b2 ] || exit 0
sleep 1001 &
setsid sh -c 'echo \$\$ >>$RUN/seen/pids; exec sleep 1002' &
wait
EOT
wait_for equals down of one b2 .health
equal "why" "$(of one b2 .why)" "timed out after 150ms"
wait_for [ -s "$RUN/seen/pids" ]
write '{type: icmp}'
kill -HUP "$(daemon_pid)"
wait_for said "xring.yaml: loaded"
gone() {
	local pid
	while read -r pid; do
		[ ! -e "/proc/$pid" ] || ! grep -q "sleep" "/proc/$pid/comm" || return 1
	done <"$RUN/seen/pids"
}
wait_for gone

echo "no way to the daemon"
program one <<EOT
#!/bin/sh
{
	"$BUILD/xring" --socket "$RUN/sock" status
	cat "$RUN/bpf/xring/prog" "$RUN"/bpf/tc/globals/xring_config
	cat "$RUN/state/running.yaml"
	kill \$(cat "$RUN/xringd.pid")
} >"$RUN/seen/tried" 2>&1
exit 0
EOT
write "$EXEC"
kill -HUP "$(daemon_pid)"
wait_for equals up of one b1 .health
wait_for grep -q "not permitted" "$RUN/seen/tried"
equal "what is not refused" "$(grep -Eiv "permission denied|not permitted" "$RUN/seen/tried")" ""
xring status >/dev/null

echo "no command names programs"
fails 1 "service one: check type exec: want it in xringd's configuration file and a reload" \
	xring service set one --check "exec,program=/bin/true"
fails 1 "no command names programs" xring service add new --vip $VIP4:90/tcp --mode nat \
	--check "exec,program=$RUN/programs/one"
sed "s|programs/one|programs/two|" "$RUN/xring.yaml" >"$RUN/other.yaml"
fails 1 "no command names programs" xring apply -f "$RUN/other.yaml"
fails 1 "no command names programs" xring plan -f "$RUN/other.yaml"
xring service set one --check none
fails 1 "no command names programs" \
	xring service set one --check "exec,program=$RUN/programs/one"
xring apply -f "$RUN/xring.yaml" >/dev/null
equal "the daemon's own file" "$(xring --json service show one | jq -r .check.program)" "$RUN/programs/one"
xring service set one --check "exec,program=$RUN/programs/one,interval=150ms,timeout=100ms,rise=1"
xring save "$RUN/saved.yaml" >/dev/null
grep -Fq "program: $RUN/programs/two, args: [--of, \"two words\"]" "$RUN/saved.yaml" ||
	grep -Fq "program: $RUN/programs/two, args: [\"--of\", \"two words\"]" "$RUN/saved.yaml" ||
	fail "saved: $(cat "$RUN/saved.yaml")"

echo "a reload that names what cannot be run is refused"
cp "$RUN/xring.yaml" "$RUN/whole.yaml"
sed -i "s|programs/two|programs/three|" "$RUN/xring.yaml"
kill -HUP "$(daemon_pid)"
wait_for said "xring.yaml:9:3: service two: check program $RUN/programs/three: No such file or directory"
equal "what runs" "$(xring --json service show two | jq -r .check.program)" "$RUN/programs/two"
mv "$RUN/whole.yaml" "$RUN/xring.yaml"

echo "the starter ends: nobody is down for that"
wait_for equals up of one b1 .health
starter=$(child)
equal "its name" "$(cat "/proc/$starter/comm")" xring-starter
kill -KILL "$starter"
wait_for said "the starter of programs has ended: checks of type exec are not made until xringd is started again"
wait_for equals "not checked: the starter of programs has ended, want xringd started again" of one b1 .why
wait_for [ ! -e "/proc/$starter" ]
equal "health" "$(of one b1 .health) $(of two b1 .health)" "up down"
[[ $(status '.wrong[]') == *"checks of type exec: the starter of programs has ended"* ]] ||
	fail "status: $(status .wrong)"
[[ $(fetch $VIP4) == b* ]] || fail "nobody serves"

echo "and with the daemon, however that ends"
stop KILL
program one <<EOT
#!/bin/sh
echo \$\$ >"$RUN/seen/last"
exec sleep 1003
EOT
rm -f "$RUN/seen/last"
start --user root --exec-user nobody
wait_for [ -s "$RUN/seen/last" ]
starter=$(child)
stop KILL
wait_for ended "$starter"
wait_for ended "$(cat "$RUN/seen/last")"

echo "a daemon whose user is gone goes on, and says so"
start --user root --exec-user nobody
stop
sed -i "s|programs/two|programs/one|" "$RUN/xring.yaml"
fails 2 "service two: check type exec: want a user" lb timeout 20 "$BUILD/xringd" -f "$RUN/xring.yaml" \
	--bpffs "$RUN/bpf" --socket "$RUN/sock" --state "$RUN/state" --user root
sed -i "s|programs/one, args|programs/two, args|" "$RUN/xring.yaml"
start --user root
[[ $(status '.wrong[]') == *"checks of type exec: want a user xring-exec of this host"* ]] ||
	fail "status: $(status .wrong)"
