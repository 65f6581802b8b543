#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The systemd unit is as narrow as docs/design.md wants it (2.0 at most), and under its list of
# system calls, with its capabilities and as an ordinary user, the daemon does all that it does; with
# exec.conf it also starts programs of checks.
. "$(dirname "$0")/../lib.sh"

command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
[ -x "$BUILD/tests/tools/only_calls" ] || skip "no $BUILD/tests/tools/only_calls"
ID=54321
mkdir -p "$RUN"
sed 's|@PREFIX@|/usr|' "$TOP/system/xringd.service" >"$RUN/xringd.service"

echo "exposure"
exposure=$(systemd-analyze security --offline=true "$RUN/xringd.service" 2>&1 |
	sed -n 's/.*exposure level for xringd.service: \([0-9.]*\).*/\1/p')
[ -n "$exposure" ] || skip "systemd-analyze knows no security --offline: $(systemd-analyze --version | head -n 1)"
awk -v e="$exposure" 'BEGIN { exit !(e <= 2.0) }' || fail "exposure $exposure, wanted 2.0 at most"
rm -r "$RUN"

# The unit's filter, its lines in order: names and @sets, taken away after ~.
calls_of() { # NAME OR @SET
	if [[ $1 == @* ]]; then
		systemd-analyze syscall-filter "$1" | sed -n 's/^ *\([a-z_@0-9-]*\)$/\1/p' | grep -vx "$1" |
			while read -r name; do calls_of "$name"; done
	else
		echo "$1"
	fi
}
numbers_of() { # FILE...: the numbers of the system calls that these allow
	local allowed="" line minus word
	while read -r line; do
		minus=
		[[ $line == "~"* ]] && minus=1
		for word in ${line#"~"}; do
			if [ -n "$minus" ]; then
				allowed=$(grep -Fvx -f <(calls_of "$word") <<<"$allowed")
			else
				allowed+=$'\n'$(calls_of "$word")
			fi
		done
	done < <(cat "$@" | sed -n 's/^SystemCallFilter=//p')
	echo '#include <sys/syscall.h>' | cc -dM -E - |
		sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\1 \2/p' |
		awk 'FNR == NR { want[$1]; next } $1 in want { print $2 }' <(echo "$allowed") - | sort -nu
}
caps_of() { # FILE...: as setpriv wants them
	printf -- -all
	cat "$@" | sed -n 's/^CapabilityBoundingSet=//p' | tr ' ' '\n' |
		sed 's/^CAP_\(.*\)/,+\L\1/' | tr -d '\n'
}
numbers=$(numbers_of "$TOP/system/xringd.service")
[ "$(wc -l <<<"$numbers")" -gt 100 ] || fail "the unit's system calls: $(xargs <<<"$numbers")"

lab up -b 2
lab nginx
lab vip
lab decap
config <<EOT
interfaces: [eth0, eth1]
services:
  web:
    vip: $VIP4:80/tcp
    mode: nat
    check: {type: http, path: /, interval: 200ms, timeout: 100ms, rise: 1, fall: 2}
    backends: {b1: $(lab address b1), b2: $(lab address b2)}
  ping:
    vip: $VIP4:81/tcp
    mode: nat
    check: {type: icmp, interval: 200ms, timeout: 100ms, rise: 1, fall: 2}
    backends: {b1: $(lab address b1), b2: $(lab address b2)}
  tunnel:
    vip: $VIP4:82/tcp
    mode: ipip
    check: {type: tcp, via: vip, port: 80, interval: 200ms, timeout: 100ms, rise: 1, fall: 2}
    backends: {b1: $(lab address b1), b2: $(lab address b2)}
EOT
mkdir "$RUN"/{user,state}
chown $ID:$ID "$RUN"/{user,state}
chmod 755 "$RUN"
cp "$BUILD"/xring{,d} "$BUILD/tests/tools/only_calls" "$RUN/"
"$TOP/system/prepare-bpffs" $ID "$RUN/bpf"
caps=$(caps_of "$TOP/system/xringd.service")
xring() { "$BUILD/xring" --socket "$RUN/user/sock" "$@"; }

serve() { # [OPTION...]
	# shellcheck disable=SC2086
	nsenter --net="/run/netns/xring-$LAB-lb" -- setpriv --reuid $ID --regid $ID --clear-groups \
		--bounding-set "$caps" --inh-caps "$caps" --ambient-caps "$caps" -- \
		"$RUN/only_calls" $numbers -- "$RUN/xringd" -f "$RUN/xring.yaml" --bpffs "$RUN/bpf" \
		--socket "$RUN/user/sock" --state "$RUN/state" "$@" >>"$RUN/xringd.log" 2>&1 &
	echo $! >"$RUN/xringd.pid"
	wait_for xring status
}

works() { # FIRST-PORT
	wait_for resolved
	wait_for equals '["up"]' bash -c "'$BUILD/xring' --socket '$RUN/user/sock' --json backend list |
		jq -c '[.[].health] | unique'"
	follows_ring web $VIP4 8 "$1"
}

echo "under the unit's system calls"
serve
works 20000
xring backend set web b1 --weight 3 --now >/dev/null
xring detach eth0
xring attach eth0 >/dev/null
sed -i 's/fall: 2/fall: 3/' "$RUN/xring.yaml"
kill -HUP "$(daemon_pid)"
wait_for said "xring.yaml: loaded"
works 20100

echo "and again, after a kill"
stop KILL
serve
works 20200
# Where the host has the group xring (another test makes it for a moment), this user is not in it.
none_denied() {
	local denied
	denied=$(grep "not permitted" "$RUN/xringd.log" | grep -v "not of the group xring" || true)
	[ -z "$denied" ] || fail "something was not permitted: $denied"
}
none_denied
stop

echo "with exec.conf"
numbers=$(numbers_of "$TOP/system/xringd.service" "$TOP/system/exec.conf")
caps=$(caps_of "$TOP/system/xringd.service" "$TOP/system/exec.conf")
cat >"$RUN/program" <<EOT
#!/bin/sh
exec 2>&1
[ "\$(grep -c '^Cap.*0000000000000000\$' /proc/self/status)" = 5 ] || echo "it has capabilities"
[ "\$(id -u) \$(id -G)" = "$(id -u nobody) $(id -g nobody)" ] || id
grep -q '^NoNewPrivs:.1' /proc/self/status || echo "it may get privileges"
[ \$XRING_BACKEND = b1 ]
EOT
chmod 755 "$RUN/program"
sed -i "s|{type: icmp,|{type: exec, program: $RUN/program,|; s|timeout: 100ms|timeout: 190ms|" "$RUN/xring.yaml"
serve --exec-user nobody
of_ping() { xring --json backend list ping | jq -c "[.[] | $1]"; }
wait_for equals '["up","down"]' of_ping .health
equal "why" "$(of_ping .why)" '["exit code 0","exit code 1"]'
equal "capabilities" "$(awk '/^Cap(Prm|Amb)/ { print $2 }' "/proc/$(daemon_pid)/status" | xargs)" \
	"000000c000003000 0000000000000000"
none_denied
stop
