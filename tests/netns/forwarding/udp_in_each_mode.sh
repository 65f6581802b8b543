#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A UDP service in each mode over each family: the backend that answers is the ring's.
. "$(dirname "$0")/../lib.sh"

lab up -b 3
lab vip
lab decap

# What asks gets the host's name, from the address that it asked.
echo_server() { # HOST FAMILY ADDRESS PORT
	on "$1" socat "UDP$2-RECVFROM:$4,bind=$3,fork" "SYSTEM:read -r who; echo $1" &
	wait_for listens "$1" "$4" "$2"
}

listens() { # HOST PORT FAMILY
	on "$1" ss "-$3" -Hlun "sport = :$2" | grep -q .
}

for host in b1 b2 b3; do
	echo_server $host 4 $VIP4 7
	echo_server $host 6 "[$VIP6]" 7
	echo_server $host 4 "$(lab address $host)" 7007
	echo_server $host 6 "[$(lab address $host 6)]" 7007
done

config <<EOT
interfaces: [eth0, eth1]
services:
  nat4:
    vip: $VIP4:70/udp
    mode: nat
    backends:
      b1: $(lab address b1):7007
      b2: $(lab address b2):7007
      b3: $(lab address b3):7007
  nat6:
    vip: "[$VIP6]:70/udp"
    mode: nat
    backends:
      b1: "[$(lab address b1 6)]:7007"
      b2: "[$(lab address b2 6)]:7007"
      b3: "[$(lab address b3 6)]:7007"
  direct:
    vip: [$VIP4:7/udp, "[$VIP6]:7/udp"]
    mode: l2
    backends:
      b1: $(lab address b1)
      b2: $(lab address b2)
      b3: "$(lab address b3 6)"
EOT
start
wait_for resolved

ask() { # VIP PORT SOURCE-PORT
	local reply="" to="UDP4:$1:$2"
	[[ $1 == *:* ]] && to="UDP6:[$1]:$2"
	read -r -t 5 reply < <(echo who | client socat -t 5 - "$to,sourceport=$3") ||
		fail "no answer from $1, port $2, to port $3"
	echo "$reply"
}

from=20000
answers() { # SERVICE VIP PORT
	local i got seen=""
	for ((i = 0; i < 15; i++)); do
		from=$((from + 1))
		got=$(ask "$2" "$3" $from) || fail "$got"
		equal "backend of $1 at $2, port $from" "$got" "$(owner "$1" "$2" $from "$3")"
		[[ " $seen " == *" $got "* ]] || seen="$seen $got"
	done
	[ "$(wc -w <<<"$seen")" -gt 1 ] || fail "$1: all flows went to$seen"
}

answers nat4 $VIP4 70
answers nat6 $VIP6 70
for mode in l2 ipip; do
	xring service set direct --mode $mode --now
	answers direct $VIP4 7
	answers direct $VIP6 7
done
equal "dropped" "$(xring --json stats | jq .packets.drop)" 0
