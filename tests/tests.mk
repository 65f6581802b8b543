# SPDX-License-Identifier: GPL-2.0-or-later
#
# make unit       unit tests, once as they are and once under ASan and UBSan
# make packets    packets through BPF_PROG_TEST_RUN (root)
# make netns      end to end in network namespaces (root)
# make check      all of it, ending in one line of counts

UNIT    := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
PACKETS := $(patsubst tests/packets/%.c,$(BUILD)/tests/packets/%,$(wildcard tests/packets/test_*.c))

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(CONF) $(CORE) $(BASE)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -lfyaml -ljansson -lmd

$(BUILD)/xring_lookup.skel.h: $(BUILD)/tests/packets/lookup.bpf.o
	$(BPFTOOL) gen skeleton $< name xring_lookup > $@.tmp && mv $@.tmp $@

$(patsubst tests/%.c,$(BUILD)/tests/%.o,$(filter-out %.bpf.c,$(wildcard tests/packets/*.c))): \
		| $(BUILD)/xring.skel.h $(BUILD)/xring_lookup.skel.h

$(BUILD)/tests/packets/test_%: $(BUILD)/tests/packets/test_%.o \
		$(BUILD)/tests/packets/fixture.o $(BUILD)/tests/packets/frame.o \
		$(CONF) $(CORE) $(BASE)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -lbpf -lfyaml -lmd

tests: $(UNIT) $(PACKETS)

unit: $(UNIT)
	tests/run $^

packets: $(PACKETS)
	tests/run $^

.PHONY: tests unit packets
