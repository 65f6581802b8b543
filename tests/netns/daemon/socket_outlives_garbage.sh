#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The control socket outlives garbage, half messages, slow and vanishing clients and a
# thousand of them at once, answers others promptly meanwhile, and keeps strangers out.
. "$(dirname "$0")/../lib.sh"

lab up -b 1
config <<EOT
services:
  web: {vip: $VIP4:80/tcp, mode: ipip, backends: {b1: $(lab address b1)}}
EOT
start
wait_for resolved
pid=$(daemon_pid)
mkfifo "$RUN/silent" "$RUN/full"
before=$(xring save -)

files() {
	find "/proc/$pid/fd" -mindepth 1 | wc -l
}

memory() { # kB
	awk '/^RssAnon:/ { print $2 }' "/proc/$pid/status"
}

back() { # all files are closed
	[ "$(files)" -le "$files" ]
}

connected() { # CLIENTS
	[ $(($(files) - files)) -ge "$1" ]
}

prompt() { # AMID-WHAT
	timeout 2 "$BUILD/xring" --socket "$RUN/sock" status >/dev/null ||
		fail "status was not answered in 2 seconds amid $1"
}

send() { # standard input as it is; prints what comes back
	socat -t 2 - "UNIX-CONNECT:$RUN/sock"
}

files=$(files)

echo "garbage"
for text in '' '{}' '[]' 'x' '"do"' '{"do": 1}' '{"do": "fly"}' '{"do":"status"' 'null' \
	'{"do":"backend-add"}' '{"do":"backend-add","service":"web"}' \
	'{"do":"backend-add","service":"web","name":"b2","address":7}' \
	'{"do":"backend-add","service":"web","name":"b\u00002","address":"10.2.0.12"}' \
	'{"do":"backend-add","service":"web","name":"b 2","address":"10.2.0.12"}' \
	'{"do":"backend-add","service":"web","name":"b2","address":"10.2.0.300"}' \
	'{"do":"backend-set","service":"web","name":"b1","weight":"1e3"}' \
	'{"do":"service-add","service":"x"}' '{"do":"service-add","service":"x","mode":"l2"}' \
	'{"do":"service-add","service":"x","mode":"l2","vips":["10.200.1.1:80/tcp"]}' \
	'{"do":"service-set","service":"web","vips":[]}' \
	'{"do":"service-set","service":"web","vips":[7]}' \
	'{"do":"service-set","service":"web","vnodes":"0"}' \
	'{"do":"service-set","service":["web"]}' '{"do":"ring-lookup","service":"web","n":-1}' \
	'{"do":"ring-lookup","service":"web","n":9999999999999999999,"keys":["x"]}' \
	'{"do":"ring-lookup","service":"web","keys":["x",null]}' \
	'{"do":"attach"}' '{"do":"attach","interface":"../../x"}' '{"do":"detach","interface":""}' \
	"$(printf '%.0s[' {1..5000})" $'\xff\xfe' '{"do":"\xff"}'; do
	said=$(send <<<"$text")
	jq -e '.ok == false and (.error | length > 0) and (.code == 1 or .code == 2)' <<<"$said" \
		>/dev/null || fail "to '$text' it said '$said', wanted an error"
done
head -c 200000 /dev/urandom | send >/dev/null || true
head -c 200000 /dev/zero | send >/dev/null || true
prompt garbage
equal "state" "$(xring save -)" "$before"

echo "many requests on one connection, answered in their order"
for ((i = 0; i < 2000; i++)); do
	echo '{"do":"status"}'
	echo "{\"do\":\"no$i\"}"
done >"$RUN/requests"
send <"$RUN/requests" >"$RUN/answers"
equal "answers" "$(wc -l <"$RUN/answers")" 4000
equal "last answer" "$(tail -n 1 "$RUN/answers" | jq -r .error)" "no1999: not a verb of this daemon"

echo "half messages, and gone"
for ((i = 0; i < 50; i++)); do
	printf '{"do":"backend-del","service":"web","name":"b1"' | nc -N -U "$RUN/sock"
done
prompt "half messages"
wait_for back
equal "state" "$(xring save -)" "$before"

echo "a line without an end"
head -c 3000000 /dev/zero | tr '\0' x | send >/dev/null 2>&1 || true
prompt "a long line"
# shellcheck disable=SC2046
fails 2 "want a line of at most 1 MiB" xring ring lookup web $(printf '%0100000d ' {1..15})
prompt "a long line"

exec 3<>"$RUN/silent" 4<>"$RUN/full"	# one never says anything, one takes no more
pids=()
gone() { # all of those clients
	kill -9 "${pids[@]}"
	wait "${pids[@]}" 2>/dev/null || true
	pids=()
	wait_for back
}

echo "clients that ask for much and read nothing"
for ((i = 0; i < 20; i++)); do
	nc -U "$RUN/sock" <"$RUN/requests" >&4 &
	pids+=($!)
done
wait_for connected 20
prompt "clients that do not read"
[ "$(memory)" -lt 60000 ] || fail "$(memory) kB of memory for clients that do not read"
gone

echo "a thousand at once, and again"
thousand() {
	local i
	for ((i = 0; i < 1000; i++)); do
		nc -U "$RUN/sock" <&3 >/dev/null &
		pids+=($!)
	done
	wait_for connected 1000
	prompt "a thousand clients"
	xring backend set web b1 --weight 2 --now
	xring backend set web b1 --weight 1 --now
	gone
	prompt "no clients"
}
thousand
thousand
# The allocator keeps what they took, once something that stays has come behind it, and takes no more.
memory=$(memory)
thousand
thousand
[ $(($(memory) - memory)) -lt 2000 ] || fail "memory: $memory kB before, $(memory) kB after"
equal "state" "$(xring save -)" "$before"

echo "more clients than files"
stop
(ulimit -n 200 && lab xringd -f "$RUN/xring.yaml")
pid=$(daemon_pid)
files=$(files)
for ((i = 0; i < 300; i++)); do
	nc -U "$RUN/sock" <&3 >/dev/null &
	pids+=($!)
done
hung_up() { # those that were too many
	[ "$(pgrep -c -P $$ -x nc)" -lt 200 ]
}
wait_for hung_up
ticks=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
sleep 0.3
[ $(($(awk '{ print $14 + $15 }' "/proc/$pid/stat") - ticks)) -lt 10 ] ||
	fail "the daemon spins"
gone
prompt "no clients"
stop

echo "who may speak"
if ! getent group xring >/dev/null; then
	groupadd --system xring
	cleanup() { groupdel xring; }
fi
group=$(getent group xring | cut -d : -f 3)
start
cp "$BUILD/xring" "$RUN/"
as() { # OPTION-OF-SETPRIV... : status, as somebody
	setpriv --reuid 54321 --regid 54321 "$@" "$RUN/xring" --socket "$RUN/sock" status
}
fails 1 "Permission denied (want root or the group xring)" as --clear-groups
as --groups "$group" >/dev/null
chmod 666 "$RUN/sock"
fails 1 "control socket: want root or the group xring" as --clear-groups
fails 1 "control socket: want root or the group xring" as --groups 54322,54323
as --groups 54322,"$group" >/dev/null
