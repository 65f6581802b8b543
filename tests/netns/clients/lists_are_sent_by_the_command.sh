#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# plan and apply read lists of networks with the rights of their user, and send what is in them:
# the daemon opens no file for a request. What is too long for a request goes in parts.
. "$(dirname "$0")/../lib.sh"

ID=54321

lab up -b 1
config <<EOT
limits: {networks: 100000}
services:
  web:
    vip: $VIP4:80/tcp
    mode: nat
    backends: {b1: $(lab address b1)}
EOT
start
mkdir -m 700 "$RUN/private"
list=$RUN/private/east
cp "$BUILD/xring" "$RUN/"

next() { # LIST: a configuration that names it
	cat >"$RUN/next.yaml" <<-EOT
		hash_key: 00112233445566778899aabbccddeeff
		limits: {networks: 100000}
		services:
		  web:
		    vip: $VIP4:80/tcp
		    mode: nat
		    backends: {b1: $(lab address b1)}
		    placement:
		      - {clients: $1, strategy: global}
		      - {strategy: global}
	EOT
}

GROUP=$(getent group xring | cut -d : -f 3 || true)
user() { # COMMAND...: of a user who may ask the daemon, but has no right to root's files
	setpriv --reuid $ID --regid $ID --clear-groups --groups "$GROUP" -- \
		"$RUN/xring" --socket "$RUN/sock" "$@"
}

echo "a list that only this user can read, and the daemon never opens"
seq 0 2 65535 | awk '{ printf "203.%d.%d.0/24\n", $1 / 256, $1 % 256 }' >"$list"
next "$list"
chmod 600 "$list"
planned=$(xring plan -f "$RUN/next.yaml" --json)
jq -e '.hash' <<<"$planned" >/dev/null || fail "no plan: $planned"
xring apply -f "$RUN/next.yaml" --expect "$(jq -r .hash <<<"$planned")" --now >/dev/null
equal "the rule has the networks" \
	"$(xring --json placement show web | jq '[.. | .networks? // empty] | max >= 32768')" true

echo "what the user cannot read is not read for him"
if [ -n "$GROUP" ]; then
	chmod 755 "$RUN"
	chmod 644 "$RUN/next.yaml"
	fails 2 "a file that can be read: Permission denied" user plan -f "$RUN/next.yaml"
fi

echo "requests by hand: the file is not opened, nor is anything said of it"
plan_of() { # LIST
	next "$1"
	jq -nc --arg text "$(cat "$RUN/next.yaml")" \
		'{do: "plan", file: "next.yaml", directory: "/", text: $text}'
}
echo deadbeef00112233445566778899aabb >"$RUN/private/hex"
mkfifo "$RUN/private/fifo"
(echo opened >"$RUN/private/fifo") 2>/dev/null &
writer=$!
for file in hex fifo none .; do
	said=$(ask "$(plan_of "$RUN/private/$file")")
	[[ $said == *"private/$file: want the list's networks in the request"* ]] || fail "$file: $said"
done
kill -0 $writer || fail "the pipe was opened"
kill $writer

echo "lists that are no files"
next "$RUN/private/fifo"
fails 2 "want an ordinary file" xring plan -f "$RUN/next.yaml"

echo "parts by hand"
part='{"do":"part","of":"/eu","text":"192.0.2.0/24\nx\n"}'
said=$(printf '%s\n' "$part" "$(plan_of /eu)" | socat -t 10 - "UNIX:$RUN/sock" | tail -n 1)
[[ $said == *'"/eu:2:1: x: want '* ]] || fail "a wrong list: $said"
part='{"do":"part","of":"/eu","text":"192.0.2.0/2"}'
said=$(printf '%s\n' "$part" '{"do":"part","of":"/eu","text":"4\n"}' "$(plan_of /eu)" "$(plan_of /eu)" |
	socat -t 10 - "UNIX:$RUN/sock")
equal "parts are of one request" "$(jq -c .ok <<<"$said" | xargs)" "true true true false"

echo "a configuration that is longer than a request"
next "$list"
seq 150000 | sed 's/.*/# é a line that says nothing/' >>"$RUN/next.yaml"
[ "$(stat -c %s "$RUN/next.yaml")" -gt 4000000 ] || fail "it is too short"
equal "plan" "$(xring plan -f "$RUN/next.yaml")" "nothing would change"
