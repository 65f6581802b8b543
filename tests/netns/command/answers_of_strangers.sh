#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever answers on the socket, no command crashes, and `xring save` writes a configuration
# to the file that it was told, and nothing else anywhere.
. "$(dirname "$0")/../lib.sh"

mkdir -p "$RUN"
cd "$RUN"
cat >answer <<'EOT'
#!/bin/bash
while read -r line; do
	cat "$(dirname "$0")/said"
done
EOT
chmod +x answer
socat "UNIX-LISTEN:$RUN/sock,fork" "EXEC:$RUN/answer" &
wait_for test -S "$RUN/sock"
echo "hash_key: 00112233445566778899aabbccddeeff" >right.yaml

answers() { # DATA
	printf '{"ok":true%s}\n' "$1" >said
}

commands=(
	"service list" "service show web" "service add web --vip 10.0.0.1:80/tcp --mode l2"
	"service set web --bound none" "service del web" "backend list" "backend list web"
	"backend add web b1 10.0.0.1" "backend set web b1 --weight 2 --plan" "backend drain web b1"
	"backend drain web b1 --wait switch" "plan -f right.yaml" "apply -f right.yaml"
	"apply -f right.yaml --wait cleanup" changes "change show 1" "change cancel 1"
	"ring show web" "ring lookup web 10.0.0.1" hot "hot web" "hot split web 10.0.0.1"
	"hot shards web 10.0.0.1" flows "flows web" "placement show" "placement show web"
	"placement forecast web" "placement explain web 10.0.0.1" "placement audit"
	"placement homes" "attach eth0" "detach eth0" stats "stats web" status save "save copy.yaml"
	"top --once"
)
echo "answers without the members that are wanted"
for data in '' ',"data":null' ',"data":{}' ',"data":[]' ',"data":[null]' ',"data":[{}]' \
	',"data":7' ',"data":"x"' \
	',"data":{"services":[{}],"changes":[null],"backends":[{}],"other":[7],"keys":[{}]}' \
	',"data":{"services":[{"before":[{}],"after":[null],"moves":[{}]}],"interfaces":[null]}'; do
	answers "$data"
	for command in "${commands[@]}"; do
		code=0
		# shellcheck disable=SC2086
		timeout 2 "$BUILD/xring" --socket "$RUN/sock" $command </dev/null >out 2>&1 || code=$?
		[ $code -le 124 ] || fail "xring $command, told $data: ended with $code: $(cat out)"
	done
done
[ ! -e copy.yaml ] || fail "something was saved: $(cat copy.yaml)"

echo "save: a path that the answer chose"
answers ',"data":{"file":"'"$RUN"'/cron","yaml":"* * * * * root id\n"}'
fails 2 "the daemon's file is $RUN/cron: want xring save $RUN/cron" xring save
[ ! -e cron ] || fail "written: $(cat cron)"

echo "save: a text that is no configuration"
fails 1 "xringd's answer:1:" xring save cron
answers ',"data":{"file":"'"$RUN"'/cron","yaml":"hash_key: 1\n* * * * * root id\n"}'
fails 1 "xringd's answer:1:" xring save cron
[ ! -e cron ] || fail "written: $(cat cron)"

echo "save: files that the text names are not opened"
mkfifo fifo
answers ',"data":{"file":"x","yaml":"hash_key: 00112233445566778899aabbccddeeff\nregions:\n  east: {prefixes: '"$RUN"'/fifo}\n"}'
timeout 10 "$BUILD/xring" --socket "$RUN/sock" save saved.yaml
grep -q "prefixes: $RUN/fifo" saved.yaml || fail "saved: $(cat saved.yaml)"

echo "save: nobody stands where the new text is written first"
echo precious >victim
ln -s victim saved.yaml.new
xring save saved.yaml
equal "the file that the link names" "$(cat victim)" precious
mkfifo saved.yaml.new
timeout 10 "$BUILD/xring" --socket "$RUN/sock" save saved.yaml
