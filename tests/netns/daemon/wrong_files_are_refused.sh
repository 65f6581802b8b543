#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Files that are right and files that are wrong: --check says which in one line, and
# a daemon does not start with a wrong one, and pins nothing.
. "$(dirname "$0")/../lib.sh"

lab up -b 2
file=$RUN/xring.yaml

check() { # FILE
	lb "$BUILD/xringd" --check -f "$1"
}

daemon() {
	lb timeout 10 "$BUILD/xringd" -f "$file" --bpffs "$RUN/bpf" --socket "$RUN/sock" \
		--state "$RUN/state"
}

# Where no other bpffs is mounted, `ip link` makes its directories in this one:
# ip, tc and xdp.
in_bpffs() {
	find "$RUN/bpf" -mindepth 1 -not -name '*.debug' \
		-not -regex "$RUN/bpf/\(ip\|tc\|xdp\)\(/.*\)?"
}

untouched() {
	equal "left behind in the bpffs" "$(in_bpffs)" ""
	[ ! -e "$RUN/state" ] || fail "a state directory is left behind"
	[ ! -e "$RUN/sock" ] || fail "a socket is left behind"
}

echo "the example's hash_key is right, and warned of"
config <<<"services: {}"
warned="hash_key is that of the example"
[[ $(check "$RUN/xring.yaml" 2>&1) == *"$warned"*": ok" ]] || fail "no warning of the example's hash_key"
sed -i 's/eeff$/eefe/' "$RUN/xring.yaml"
[[ $(check "$RUN/xring.yaml" 2>&1) == *"$warned"* ]] && fail "another hash_key is warned of"

# What is wrong stands at LINE:COLUMN and is said in one line: by --check, and by a
# daemon, which ends.
wrong() { # LINE:COLUMN TEXT, the file on standard input
	cat >"$file"
	refused "$file:$1: $2"
}

refused() { # TEXT
	fails 2 "$1" check "$file"
	equal "lines of the message" "$(check "$file" 2>&1 | wc -l)" 1
	fails 2 "$1" daemon
	untouched
}

echo "files of the unit tests"
for good in "$TOP"/tests/conf/good/*.yaml; do
	[ "${good##*/}" != programs.yaml ] || continue	# its programs are not of this host
	fails 0 "$good: ok" check "$good"
done
for bad in "$TOP"/tests/conf/bad/*.yaml; do
	code=0
	said=$(check "$bad" 2>&1) || code=$?
	equal "exit code of $bad" "$code" 2
	equal "what is said of ${bad##*/}" "${said#"${bad%/*}/"}" "$(cat "${bad%.yaml}.err")"
done

echo "no file, no text, no YAML"
rm -f "$file"
refused "$file: No such file or directory"
mkdir "$file"
refused "$file: Is a directory"
rmdir "$file"
wrong 1:1 "empty file: want a mapping" </dev/null
wrong 1:1 "empty file: want a mapping" <<<"# nothing"
head -c 100000000 /dev/zero >"$file"
refused "$file: 100000000 bytes: want at most 16777216"
head -c 10000000 /dev/zero >"$file"
refused "$file:1:1: "
head -c 10000 /dev/urandom >"$file"
refused "$file:"
{ yes -- '- [' || true; } | head -c 1000000 >"$file"
refused "$file:"
{ yes services: || true; } | head -c 1000000 >"$file"
refused "$file:"

key="hash_key: 00112233445566778899aabbccddeeff"
echo "services that cannot run"
lb ip route add default via "$(lab address b1)"
wrong 3:74 "address 192.0.2.1 of backend far: want one on the link" <<EOT
$key
services:
  web: {vip: $VIP4:80/tcp, mode: l2, backends: {b1: $(lab address b1), far: 192.0.2.1}}
EOT
lb ip address add 10.77.0.1/32 dev lo
wrong 3:77 "address 10.77.0.1 of backend here: want one of another host, as what is sent there would never leave this one" <<EOT
$key
services:
  web: {vip: $VIP4:80/tcp, mode: ipip, backends: {b1: $(lab address b1), here: 10.77.0.1}}
EOT
wrong 4:3 "service web of 2000000 points: want at most" <<EOT
$key
limits: {cells: 100000}
services:
  web: {vip: $VIP4:80/tcp, mode: ipip, vnodes: 1000, backends: {b1: {address: 10.2.0.11, weight: 1000}, b2: {address: 10.2.0.12, weight: 1000}}}
EOT
wrong 4:3 "service web of 150001 points: want at most 25000, weights 1000 of b1 and 0.001 of b2 are too far apart" <<EOT
$key
limits: {cells: 100000}
services:
  web: {vip: $VIP4:80/tcp, mode: ipip, backends: {b1: {address: 10.2.0.11, weight: 1000}, b2: {address: 10.2.0.12, weight: 0.001}}}
EOT
wrong 3:67 "check tcp of service web: want a port, as vip 10.200.1.1:0/tcp has none" <<EOT
$key
services:
  web: {vip: $VIP4:0/tcp, mode: ipip, all_down: pass, check: tcp, backends: {}}
EOT
wrong 4:59 "backend b1 at 10.2.0.11:8080/tcp: want it behind one nat vip, replies of 10.200.1.1:80/tcp and 10.200.1.2:80/tcp could not be told apart" <<EOT
$key
services:
  one: {vip: 10.200.1.1:80/tcp, mode: nat, backends: {b1: 10.2.0.11:8080}}
  two: {vip: 10.200.1.2:80/tcp, mode: nat, backends: {b1: 10.2.0.11:8080}}
EOT
wrong 4:14 "vip 10.200.1.1:80/tcp of service two: want one of its own, service one has it" <<EOT
$key
services:
  one: {vip: 10.200.1.1:80/tcp, mode: nat, backends: {}}
  two: {vip: 10.200.1.1:80/tcp, mode: nat, backends: {}}
EOT

echo "the same file, right"
cat >"$file" <<EOT
$key
services:
  web: {vip: $VIP4:80/tcp, mode: l2, backends: {b1: $(lab address b1), b2: $(lab address b2)}}
EOT
fails 0 "$file: ok" check "$file"
untouched
start

echo "an address that becomes the host's own is told, and keeps no daemon from starting"
fails 1 "address 10.77.0.1 of backend here of service web: want one of another host" \
	xring backend add web here 10.77.0.1
stop
lb ip address add "$(lab address b2)/32" dev lo
start
first_of_status() { xring status | head -n 1; }
wait_for equals "backend b2 of web: an address of this host itself" first_of_status
lb ip address del "$(lab address b2)/32" dev lo

echo "a key that moves every flow is not taken over by a restart"
stop
sed -i 's/mode: l2/mode: l2, key: client/' "$file"
fails 1 "key client instead of flow moves every flow: want --cut" daemon
start --cut
equal "key" "$(xring --json service show web | jq -r .key)" client
