#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Plans are made beside the daemon, which goes on meanwhile: it answers, and takes changes. There
# are at most four at a time. One whose client has gone ends, and all end with the daemon.
. "$(dirname "$0")/../lib.sh"

lab up -b 1
config <<EOT
services:
  web: {vip: $VIP4:80/tcp, mode: ipip, backends: {b1: $(lab address b1)}}
EOT
start
wait_for resolved
pid=$(daemon_pid)
{
	cat "$RUN/xring.yaml"
	for i in $(seq 1000); do
		echo "  s$i: {vip: '10.201.$((i / 250)).$((i % 250)):80/tcp', mode: ipip," \
			"backends: {a: 10.2.1.1, b: 10.2.1.2, c: 10.2.1.3}}"
	done
} >"$RUN/many.yaml"

copies() {
	cat "/proc/$pid/task/$pid/children"
}

planned() { # NAME
	"$BUILD/xring" --socket "$RUN/sock" --json plan -f "$RUN/many.yaml" >"$RUN/plan.$1" 2>&1
}

fresh() { # a copy that is not stopped yet is stopped, if there is one, once it makes its plan
	local copy ran
	for copy in $(copies); do
		case " $stopped " in *" $copy "*) continue ;; esac
		read -r ran _ 2>/dev/null <"/proc/$copy/schedstat" && [ "$ran" -gt 2000000 ] || continue	# ns
		kill -STOP "$copy" 2>/dev/null || continue
		stopped="$stopped $copy"
		return 0
	done
	return 1
}

# A plan whose copy is stopped in the middle of it.
stopped=
stop_one() { # NAME
	until fresh; do
		[ -n "${client[$1]:-}" ] && kill -0 "${client[$1]}" 2>/dev/null && continue
		[ -z "${client[$1]:-}" ] || wait "${client[$1]}" || fail "$(cat "$RUN/plan.$1")"
		planned "$1" &
		client[$1]=$!
	done
}

only() { # COUNT: so many copies are left
	[ "$(copies | wc -w)" = "$1" ]
}

declare -A client
for i in 1 2 3 4; do
	stop_one $i
done

echo "the daemon answers and changes while four plans are made"
xring status >"$RUN/status" || fail "no status"
xring backend set web b1 --weight 2 || fail "no change"
planned 5 && fail "a fifth plan was made"
grep -q '4 such requests are under way: want it asked again' "$RUN/plan.5" || fail "$(cat "$RUN/plan.5")"

echo "a plan ends when its client has gone"
gone=$(pgrep -P "${client[4]}")
kill -KILL "$gone"
wait_for only 3
stop_one 6

echo "the others are made"
for copy in $stopped; do
	kill -CONT "$copy" 2>/dev/null || true	# one has ended
done
for i in 1 2 3 6; do
	wait "${client[$i]}" || fail "plan $i: $(head -c 300 "$RUN/plan.$i")"
	[ "$(jq '.services | length' "$RUN/plan.$i")" = 1000 ] || fail "plan $i is not whole"
done
wait_for only 0

echo "no plan outlives the daemon"
stop_one 7
copy=${stopped##* }
kill -KILL "$pid"
wait_for ended "$copy"
