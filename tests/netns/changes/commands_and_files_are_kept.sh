#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What commands changed survives a kill; a changed FILE is applied as a difference,
# a wrong one is refused whole; save writes FILE.
. "$(dirname "$0")/../lib.sh"

lab up -b 3
config <<EOT
interfaces: [eth0]
services:
  web:
    vip: $VIP4:80/tcp
    mode: ipip
    backends:
      b1: {address: $(lab address b1), weight: 2}
      b2: $(lab address b2)
EOT
start

backends() { # name=weight of each
	xring --json service show web |
		jq -r '[.backends[] | .name + "=" + (.weight | tostring)] | join(" ")'
}

interfaces() {
	status '[.interfaces[].name] | join(" ")'
}

shown_settings() {
	xring --json service show web | jq -c '[.drain, .slow_start, .tcp_idle, .check.path, .bound, .hot.factor, .hot.shards]'
}

reload() {
	kill -HUP "$(daemon_pid)"
}

again() { # by kill -9
	stop KILL
	start
}

equal "backends of the file" "$(backends)" "b1=2 b2=1"

echo "commands are kept"
xring backend add web b3 "$(lab address b3)" --weight 0.5
xring backend set web b1 --weight 3
xring backend del web b2
xring service add mine --vip 10.200.1.2:80/tcp --mode nat
xring attach eth1 >/dev/null
xring detach eth0
again
equal "backends" "$(backends)" "b1=3 b3=0.5"
xring service show mine >/dev/null
equal "interfaces" "$(interfaces)" eth1
again
equal "backends" "$(backends)" "b1=3 b3=0.5"

xring service set web --drain 1h --check http,path=/healthz --slow-start 10s \
	--bound 1.25 --hot factor=2.5
again
equal "settings" "$(shown_settings)" '["1h","10s","6m","/healthz",1.25,2.5,100]'

echo "a reload of the same file changes nothing"
reload
wait_for said "xring.yaml: loaded"
equal "backends" "$(backends)" "b1=3 b3=0.5"
equal "interfaces" "$(interfaces)" eth1

echo "a changed file is applied as a difference, at a reload"
sed -i 's/weight: 2}/weight: 2}\n      b4: {address: 10.2.0.99, weight: 7}/' "$RUN/xring.yaml"
reload
wait_for equals "b1=3 b3=0.5 b4=7" backends
sed -i 's/    mode: ipip/&\n    tcp_idle: 5m\n    slow_start: 20s\n    hot: {shards: 7}/' "$RUN/xring.yaml"
reload
wait_for equals '["1h","20s","5m","/healthz",1.25,2.5,7]' shown_settings
sed -i '/tcp_idle/d; /slow_start/d; /hot:/d' "$RUN/xring.yaml"
reload
wait_for equals '["1h","0s","6m","/healthz",1.25,2.5,100]' shown_settings
xring service show mine >/dev/null

echo "and at a start"
stop KILL
sed -i 's/weight: 2}/weight: 4}/; /b4:/d' "$RUN/xring.yaml"
start
equal "backends" "$(backends)" "b1=4 b3=0.5"
xring service show mine >/dev/null

echo "a wrong file is refused whole"
cp "$RUN/xring.yaml" "$RUN/right.yaml"
before=$(xring save -)
sed -i 's/b2: .*/b2: {address: 10.2.0.12, weight: 1001}/; s/weight: 4/weight: 5/' "$RUN/xring.yaml"
reload
wait_for said "xring.yaml:9:40: weight 1001: want 0 to 1000"
equal "state" "$(xring save -)" "$before"
cat >"$RUN/xring.yaml" <<EOT
hash_key: 00112233445566778899aabbccddeeff
services: {far: {vip: $VIP4:80/tcp, mode: l2, backends: {
  far: 10.77.0.9}}}
EOT
lb ip route add 10.77.0.0/16 via "$(lab address b1)"
reload
wait_for said "xring.yaml:3:8: address 10.77.0.9 of backend far: want one on the link"
sed 's/^hash_key: 0/hash_key: f/' "$RUN/right.yaml" >"$RUN/xring.yaml"
reload
wait_for said "another hash_key moves every flow: want --cut"
rm "$RUN/xring.yaml"
reload
wait_for said "No such file"
equal "state" "$(xring save -)" "$before"
cp "$RUN/right.yaml" "$RUN/xring.yaml"

echo "save"
fails 2 "the daemon's file is $RUN/xring.yaml: want xring save $RUN/xring.yaml" xring save
equal "save" "$(cd / && xring save "$RUN/xring.yaml")" "$RUN/xring.yaml: saved"
equal "file" "$(cat "$RUN/xring.yaml")" "$before"
"$BUILD/xringd" --check -f "$RUN/xring.yaml" >/dev/null
again
equal "state" "$(xring save -)" "$before"
rm -r "$RUN/state"
again
equal "state without its directory" "$(xring save -)" "$before"
xring save "$RUN/copy.yaml"
equal "copy" "$(cat "$RUN/copy.yaml")" "$before"
fails 1 "/nowhere/xring.yaml" xring save /nowhere/xring.yaml

echo "save writes where the daemon reads, whatever either's directory is"
stop
(cd "$RUN" && lab xringd -f xring.yaml)
xring backend set web b1 --weight 8 --now
(cd / && xring save "$RUN/xring.yaml" >/dev/null)
grep -q 'weight: 8' "$RUN/xring.yaml" || fail "save wrote elsewhere"

echo "a state directory that cannot be written refuses changes"
mount -t tmpfs -o ro none "$RUN/state"
fails 1 "state directory" xring backend set web b1 --weight 9
equal "backends" "$(backends)" "b1=8 b3=0.5"
umount "$RUN/state"
