# shellcheck shell=bash
# Completion of xring-backend(8) for bash.
_xring_backend() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words
	case $before in
	attach | detach | status) words=$(ip -o link 2>/dev/null | sed 's/^[0-9]*: \([^:@]*\).*/\1/') ;;
	--mode) words="native generic" ;;
	--balancer | --vip) words="" ;;
	*)
		words="attach detach status --json --version --help"
		[[ " ${COMP_WORDS[*]} " != *" attach "* ]] || words="--balancer --vip --mode"
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _xring_backend xring-backend
