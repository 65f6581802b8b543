# SPDX-License-Identifier: GPL-2.0-or-later
#
# make quick      while you work: build, unit tests, packets in short, lint; on 2 quiet cores
#                 some 35 s where all is built, a minute from a clean checkout (root)
# make unit       unit tests
# make packets    packets through BPF_PROG_TEST_RUN (root)
# make netns      end to end in network namespaces (root)
# make lint       layers, circles, shell, manual pages
# make check      all of it, also built by clang and under ASan and UBSan; one line of counts
#                 JOBS=5: so many tests at once
# make soak       the long runs (root)
# make bench      the figures of docs/performance.md (root)
# make bench-lab  and those of a whole lab with a hot client (root)
# make bench-lpm  longest-prefix matches by structure (root)
# make kernels    boots Debian's 6.1 and 6.12 under qemu with the packet tests
# make fuzz       the parsers of configurations, prefix lists and time zones, and the reader of
#                 prefix tables, FUZZ_SECONDS each

UNIT    := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
PACKETS := $(patsubst tests/packets/%.c,$(BUILD)/tests/packets/%,$(wildcard tests/packets/test_*.c))
# What takes half a minute or more by itself begins first, so that it does not end last.
LONGEST := $(patsubst %,tests/netns/%.sh, \
	changes/connections_stay_through_changes changes/storm_of_changes \
	crash/another_version_takes_over crash/killed_at_each_write crash/one_call_fails \
	crash/killed_while_rules_change clients/homes_follow_traffic clients/storm_of_rules \
	hot/keys_split_by_hand hot/more_keys_than_entries hot/silent_connections_stay \
	health/dead_are_cut_and_come_back forwarding/lost_packets_are_counted \
	forwarding/what_cannot_be_sent_is_said)
NETNS   := $(LONGEST) $(filter-out $(LONGEST),$(wildcard tests/netns/*/*.sh))
LINT    := $(wildcard tests/lint/*.sh)
TOOLS   := $(patsubst %,$(BUILD)/tests/tools/%,talk flood inject wall.so fail_call fail_call.so only_calls)
BENCH_LPM := $(BUILD)/tests/bench/lpm
BENCHES := $(BUILD)/tests/bench/bench $(BENCH_LPM)/lpm $(BENCH_LPM)/lpm.bpf.o \
	$(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench/*.bpf.c))
COUNTS  := $(BUILD)/counts
CORES   := $(shell nproc)
# End-to-end tests mostly wait: more of them than there are cores.
JOBS    ?= $(shell echo $$((2 * $(CORES) + 1)))
RUN      = BUILD=$(BUILD) tests/run -o $(COUNTS)

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(CONF) $(CORE)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -lfyaml -lmd -lm $(LIBS_UNIT)

CHECKS := $(patsubst %,$(BUILD)/tests/unit/%,test_checks test_checks_http test_checks_icmp test_checks_shared \
	test_checks_exec test_checks_agent)
$(CHECKS): LIBS_UNIT := -lcurl -lcap
$(CHECKS): $(BUILD)/tests/unit/asker.o $(BUILD)/tests/unit/peer.o \
	$(call objects,daemon/probe daemon/starter)

$(BUILD)/tests/unit/test_starter: LIBS_UNIT := -lcap
$(BUILD)/tests/unit/test_starter: $(call objects,daemon/starter)

# On maps in memory: live/ and apply/; the whole daemon but dp/, daemon/net and main.c.
IN_MEMORY := $(patsubst %,$(BUILD)/tests/unit/%,test_apply test_kill test_failing test_swap \
	test_daemon test_egress test_received test_state test_changes test_turns test_events test_samples test_room)
$(IN_MEMORY): $(patsubst %,$(BUILD)/tests/unit/%.o,life map_answers memory_maps) \
	$(BUILD)/user/dp/write.o $(call objects,daemon/live daemon/apply)
$(BUILD)/tests/unit/test_room: $(patsubst %,$(BUILD)/user/daemon/engine/%.o,check parts) \
	$(call objects,daemon/starter)
$(BUILD)/tests/unit/test_room: LIBS_UNIT := -lcap
# What doctor judges by facts; a host's facts are gathered only by the daemon itself.
JUDGES := $(patsubst %,$(BUILD)/user/daemon/doctor/%.o,facts finding doctor rules_host rules_device rules_balancer)
$(BUILD)/tests/unit/test_doctor: LIBS_UNIT := -ljansson
$(BUILD)/tests/unit/test_doctor: $(JUDGES) $(BUILD)/user/proto/findings.o

WHOLE := $(patsubst %,$(BUILD)/tests/unit/%,test_daemon test_egress test_received test_state test_changes test_turns test_events test_samples)
$(WHOLE): LIBS_UNIT := -lcurl -ljansson -lcap
$(WHOLE): $(BUILD)/tests/unit/host.o $(BUILD)/user/daemon/start.o $(BUILD)/user/daemon/net/below.o $(call objects,\
	$(addprefix daemon/,starter probe engine events source watch view control) proto) $(JUDGES)

$(BUILD)/tests/unit/test_packet: $(BUILD)/user/cli/why/packet.o
$(BUILD)/tests/unit/test_frame: $(BUILD)/user/daemon/view/frame.o
$(BUILD)/tests/unit/test_stack: $(BUILD)/user/daemon/net/stack.o
$(BUILD)/tests/unit/test_vlans: $(BUILD)/user/daemon/engine/vlans.o $(BUILD)/user/daemon/net/below.o

$(BUILD)/tests/unit/test_top_model: LIBS_UNIT := -ljansson
$(BUILD)/tests/unit/test_top_model: $(BUILD)/user/cli/top/model.o

$(BUILD)/xring_lookup.skel.h: $(BUILD)/tests/packets/lookup.bpf.o
	$(BPFTOOL) gen skeleton $< name xring_lookup > $@.tmp && mv $@.tmp $@

$(BUILD)/xring_drive.skel.h: $(BUILD)/tests/packets/drive.bpf.o
	$(BPFTOOL) gen skeleton $< name xring_drive > $@.tmp && mv $@.tmp $@

$(patsubst tests/%.c,$(BUILD)/tests/%.o,$(filter-out %.bpf.c,$(wildcard tests/packets/*.c))): \
		| $(BUILD)/xring.skel.h $(BUILD)/xring_lookup.skel.h $(BUILD)/xring_drive.skel.h

$(BUILD)/tests/packets/test_%: $(BUILD)/tests/packets/test_%.o \
		$(patsubst %,$(BUILD)/tests/packets/%.o,fixture asked frame fragments expect expect_read expect_send rule rule_paths rule_change history \
			history_tables history_keys history_homes history_regions clients balancer zipf) \
		$(patsubst %,$(BUILD)/user/dp/%.o,heat write grace links words pass pinned tell/tell) $(CONF) $(CORE)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -lbpf -lfyaml -lmd -lm $(LIBS_PACKETS)

CAPTURED := $(patsubst %,$(BUILD)/tests/packets/test_%,captures mutations)
$(CAPTURED): LIBS_PACKETS := -lpcap
$(CAPTURED): $(BUILD)/tests/packets/captures.o
$(CAPTURED): | $(BUILD)/captures
# Where they are not to be had, test_captures is skipped, and test_mutations has its own packets alone.
$(BUILD)/captures:
	@tests/packets/captures $@

$(BUILD)/tests/tools/talk: $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/tools/talk*.c))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/tests/tools/flood: $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/tools/flood*.c))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

# Without checks of copies, which would put other functions in the place of these.
$(BUILD)/tests/tools/fail_call $(BUILD)/tests/tools/fail_call.so: tests/tools/fail_call.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(WARN) -O1 -g -D_GNU_SOURCE $(if $(findstring .so,$@),-shared -fPIC,-DCOMMAND) \
		-o $@ $< -ldl

$(BUILD)/tests/tools/inject: $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/tools/inject*.c))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/tests/tools/%.so: tests/tools/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -shared -fPIC -o $@ $<

$(BUILD)/tests/tools/only_calls: $(BUILD)/tests/tools/only_calls.o
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

unit: $(UNIT)
	@$(RUN) -j $(CORES) $^

packets: $(PACKETS)
	@$(RUN) -j $(CORES) $^

netns: all $(TOOLS)
	@$(RUN) -j $(JOBS) $(NETNS)

lint: all
	@$(RUN) -j $(CORES) $(LINT)

# The histories of the packet tests are a tenth of those of `make check`, at least.
quick:
	@$(MAKE) -s --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(CORES)) \
		all $(UNIT) $(PACKETS)
	@XRING_KILLS=20 XRING_ROOM=600 XRING_RULE_STEPS=100 XRING_REGION_EVENTS=8000 XRING_LOOKUPS=1000000 \
		$(RUN) -j $(CORES) $(filter %test_rule,$(PACKETS)) tests/lint/shell.sh \
		$(filter-out %test_rule,$(PACKETS)) $(UNIT) $(filter-out %shell.sh,$(LINT))

# A second build by the other compiler (the kernel's programs by the older clang, and as for
# processors that do loads in any order: they must pass the packet tests, too), and one that
# watches itself.
OLDER := $(patsubst %,build-clang/tests/packets/test_%,packets lookup verifier)
twins:
	$(MAKE) -s BUILD=build-clang CC=clang CLANG=clang IN_ORDER=0 all \
		$(UNIT:$(BUILD)/%=build-clang/%) $(OLDER)
	BUILD=build-clang tests/run -o $(COUNTS) -j 1 $(OLDER)
	$(MAKE) -s BUILD=build-asan SANITIZE='-fsanitize=address,undefined -Wno-format-overflow' \
		all unit COUNTS=$(COUNTS) XRING_KILLS=100

# The twins are built beside the end-to-end tests that wait.
check: all $(UNIT) $(PACKETS) $(TOOLS) $(BENCHES)
	@rm -f $(COUNTS) $(COUNTS).failed
	@status=0; \
	nice $(MAKE) -s --no-print-directory twins & twins=$$!; \
	$(RUN) -j $(JOBS) $(filter %test_rule %test_explain,$(PACKETS)) $(LONGEST) \
		$(filter-out %test_rule %test_explain,$(PACKETS)) $(LINT) \
		$(filter-out $(LONGEST),$(NETNS)) $(UNIT) || status=1; \
	wait $$twins || status=1; \
	cat $(COUNTS).failed 2>/dev/null; \
	awk -v status=$$status '{ p += $$1; f += $$2; s += $$3 } \
		END { if (status && !f) f = 1; \
		printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' $(COUNTS)

# BENCH='--quick', '--only "ipip 4in4"', ...: make bench BENCH=--help
$(BUILD)/tests/bench/bench: $(patsubst %.c,$(BUILD)/%.o,$(filter-out %.bpf.c,$(wildcard tests/bench/*.c))) \
		$(BUILD)/user/dp/heat.o $(CORE)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lbpf -lmd -lm

bench: $(filter-out $(BENCH_LPM)/%,$(BENCHES)) $(BUILD)/xring.bpf.o
	$< --programs $(<D) $(BUILD)/xring.bpf.o $(BENCH)

# A hot client, split and healed: two minutes. SHORT=500 where a machine is small.
bench-lab: all $(TOOLS)
	BUILD=$(BUILD) scripts/hot-lab

# ROUNDS=400: more of them.
$(BENCH_LPM)/lpm: $(BENCH_LPM)/main.o $(addprefix $(BUILD)/tests/bench/,networks.o stats.o) \
		$(CORE)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lbpf -lmd -lm

bench-lpm: $(BENCH_LPM)/lpm $(BENCH_LPM)/lpm.bpf.o
	$(BENCH_LPM)/lpm $(BENCH_LPM)/lpm.bpf.o $(ROUNDS)

# The long runs, most of an hour: docs/reliability.md has their last output.
soak: all $(PACKETS) $(TOOLS) $(BUILD)/tests/unit/test_room
	BUILD=$(BUILD) scripts/soak

KERNELS ?= 6.1 6.12
kernels: all $(PACKETS) $(TOOLS)
	@status=0; for version in $(KERNELS); do \
		BUILD=$(BUILD) tests/kernels/run $$version || [ $$? = 77 ] || status=1; \
	done; exit $$status

FUZZ_SECONDS ?= 60
FUZZ_SOURCES := $(patsubst $(BUILD)/%.o,%.c,$(CONF) $(CORE))
FUZZ_SEEDS_conf   := tests/conf/good tests/conf/bad
FUZZ_SEEDS_prefix :=
FUZZ_SEEDS_tz     := /usr/share/zoneinfo/Europe
FUZZ_SEEDS_lpm    :=
fuzz: fuzz-conf fuzz-prefix fuzz-tz fuzz-lpm
fuzz-%:
	@mkdir -p $(BUILD)/fuzz/$*.found
	clang -g -O1 -std=gnu11 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined -Iinclude -Iuser \
		tests/fuzz/fuzz_$*.c $(FUZZ_SOURCES) -lfyaml -lmd -lm -o $(BUILD)/fuzz/$*
	$(BUILD)/fuzz/$* -max_total_time=$(FUZZ_SECONDS) $(BUILD)/fuzz/$*.found $(FUZZ_SEEDS_$*)

.PHONY: quick unit packets netns lint twins check soak bench bench-lab bench-lpm kernels fuzz
