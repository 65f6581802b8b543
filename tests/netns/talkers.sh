# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Beside lib.sh, for tests with talk's clients: backends that answer, and clients in the
# background that are asked how they are.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TALK=$BUILD/tests/tools/talk
declare -A TALKER_PID TALKER_ORDERS SERVER_PID

# Each says its name on port 7000, by TCP and UDP, until the lab goes.
talk_servers() { # HOST...
	local host
	for host in "$@"; do
		nsenter --net="/run/netns/xring-$LAB-$host" -- \
			"$TALK" server :: 7000 --udp --rate "${SERVER_RATE:-1}" "$host" \
			>"$RUN/$host.server" 2>&1 &
		SERVER_PID[$host]=$!
	done
	for host in "$@"; do
		wait_for listening "$host"
	done
}

# As a service's `backends` in the configuration.
backends_of() { # HOST...
	local host
	for host in "$@"; do
		printf '%s: %s, ' "$host" "$(lab address "$host")"
	done
}

listening() {
	on "$1" ss -Hltn "sport = 7000" | grep -q . && on "$1" ss -Hlun "sport = 7000" | grep -q .
}

client_address() { # ADDRESS...: the client host has these too
	local address
	for address in "$@"; do
		if [[ $address == *:* ]]; then
			client ip addr add "$address/64" dev eth0 nodad
		else
			client ip addr add "$address/16" dev eth0
		fi
	done
}

talker() { # NAME OPTION...: a client of talk's; TO: the VIP; FROM: the client host
	local name=$1 fd
	shift
	[ -p "$RUN/$name.orders" ] || mkfifo "$RUN/$name.orders"
	exec {fd}<>"$RUN/$name.orders"
	: >"$RUN/$name.counts"	# there at once, however late the client begins
	nsenter --net="/run/netns/xring-$LAB-${FROM:-client}" -- "$TALK" client "${TO:-$VIP4}" 7000 "$@" \
		<&"$fd" >"$RUN/$name.counts" 2>"$RUN/$name.said" &
	TALKER_PID[$name]=$!
	TALKER_ORDERS[$name]=$fd
}

lines_of() { wc -l <"$RUN/$1.counts"; }
longer() { [ "$(lines_of "$1")" -gt "$2" ]; }

counts() { # NAME FILTER: as of now
	local lines
	lines=$(lines_of "$1")
	echo count >&"${TALKER_ORDERS[$1]}"
	wait_for longer "$1" "$lines"
	tail -n 1 "$RUN/$1.counts" | jq -cS "$2"
}

lives() { # NAME N: as many flows of it have heard a name
	[ "$(counts "$1" '[.names[]] | add')" = "$2" ]
}

# Where the next N connections of a client that opens short ones go.
opens() { # NAME N
	local lines got='{}'
	counts "$1" . >/dev/null
	lines=$(lines_of "$1")
	until [ "$(jq '[.[]] | add // 0' <<<"$got")" -ge "$2" ]; do
		sleep 0.1
		counts "$1" . >/dev/null
		got=$(tail -n +$((lines + 1)) "$RUN/$1.counts" | jq -cs 'map(.names | to_entries[]) |
			group_by(.key) | map({(.[0].key): map(.value) | add}) | add // {}')
	done
	echo "$got"
}

# The busiest of N backends beside the average one, in hundredths.
skew() { # N: standard input is {"b1":3,...}
	jq --argjson n "$1" '([.[]] | max / (add / $n)) * 100 | round'
}

# What each backend has carried: {"b1":{"packets":7,"weight":1},...}
carried() { # SERVICE
	xring --json top -n 1 | jq -c --arg service "$1" '.services[] | select(.name == $service) |
		.backends | map({(.name): {packets, weight}}) | add'
}

# Of the next N packets: those of the busiest backend beside its weighted share, in hundredths.
busiest() { # SERVICE N
	local before now
	before=$(carried "$1")
	until now=$(carried "$1") && jq -en --argjson a "$before" --argjson b "$now" --argjson n "$2" \
		'([$b[].packets] | add) - ([$a[].packets] | add) >= $n' >/dev/null; do
		sleep 0.2
	done
	jq -n --argjson a "$before" --argjson b "$now" '[$b | to_entries[] |
		{weight: .value.weight, packets: (.value.packets - $a[.key].packets)}] |
		(map(.packets) | add) as $all | (map(.weight) | add) as $weights |
		map(.packets / ($all * .weight / $weights)) | max * 100 | round'
}

talker_end() { # NAME: nothing broke while it lived
	kill -TERM "${TALKER_PID[$1]}"
	wait "${TALKER_PID[$1]}" || fail "$1: $(tail -n 3 "$RUN/$1.said") $(tail -n 1 "$RUN/$1.counts")"
	eval "exec ${TALKER_ORDERS[$1]}>&-"
}

# What `xring hot` says of a service's key: null, where it is not among them.
hot_key() { # SERVICE KEY FILTER
	xring --json hot "$1" | jq -c --arg key "$2" "(map(select(.key == \$key)) | first) | $3"
}

# The changes under way are over; no flow is kept where it would not be by itself.
pins_are() { # FILTER VALUE: of `xring stats`
	[ "$(xring --json stats | jq -c ".pins | $1")" = "$2" ]
}
settled() { pins_are '[.cells_moving, .keys_moving]' '[0,0]'; }
at_rest() { pins_are '[.cells_moving, .keys_moving, .cells_look, .count]' '[0,0,0,0]'; }

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# For what is promised within a time: waits for it, and says when it came. The promise is of a
# machine that is quiet: beside other tests it may take XRING_PATIENCE times as long.
within() { # SECONDS COMMAND...
	local start
	start=$(now_ms)
	until "${@:2}" >/dev/null 2>&1; do
		[ $(($(now_ms) - start)) -le $(($1 * 1000 * ${XRING_PATIENCE:-1})) ] ||
			fail "not within $1 s${XRING_PATIENCE:+ * $XRING_PATIENCE}: ${*:2}"
		sleep 0.05
	done
	echo "${*:2}: after $(($(now_ms) - start)) ms"
}
