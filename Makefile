# SPDX-License-Identifier: GPL-2.0-or-later
#
# make            build/xring, build/xringd, build/xring-backend, build/xring.bpf.o, build/decap.bpf.o
# make check      unit tests, packet tests, end-to-end tests
# make bench      the figures of docs/performance.md
# make install    DESTDIR= PREFIX=/usr/local

CC      ?= gcc
# For the programs in the kernel. clang 19 makes them faster than 14 (docs/performance.md).
CLANG   ?= $(notdir $(firstword $(shell command -v clang-19) clang))
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
PREFIX  ?= /usr/local
BUILD   ?= build
VERSION := $(shell sed -n 's/^\#\# \[\{0,1\}\([0-9][0-9.]*\).*/\1/p' CHANGELOG.md 2>/dev/null | head -n 1)

WARN    := -Wall -Wextra -Werror -Wno-missing-field-initializers
CFLAGS  ?= -O2 -g
# A mistake in memory must end the program, not serve a stranger (tests/lint/hardened.sh). Copies
# can only be checked in optimized code, and a sanitizer has checks of its own.
HARDEN  ?= -fstack-protector-strong -fPIE $(if $(SANITIZE),,$(if $(findstring -O,$(CFLAGS)),\
	-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
HARDEN_LDFLAGS ?= -pie -Wl,-z,relro,-z,now,-z,noexecstack
ALL_CFLAGS = -std=gnu11 $(WARN) $(HARDEN) $(CFLAGS) $(SANITIZE) -D_GNU_SOURCE \
	-DXRING_VERSION='"$(VERSION)"' -Iinclude -Iuser -I$(BUILD) -MMD -MP
LIBS_CLI    := -lpcap -lfyaml -ljansson -lmd -lncursesw -lm
LIBS_DAEMON := -lbpf -lcap -lcurl -lfyaml -ljansson -lmnl -lmd -lm
MULTIARCH   := $(shell $(CC) -print-multiarch)
# Processors that do loads in their order need no help from the programs (bpf/order.h).
IN_ORDER    ?= $(if $(filter x86_64%,$(MULTIARCH)),1,0)
BPF_CFLAGS  := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Werror -fno-strict-aliasing \
	-DXRING_LOADS_IN_ORDER=$(IN_ORDER) -Iinclude -Ibpf -I/usr/include/$(MULTIARCH) -MMD -MP

# user/FOLDERS says which folders there are, in their order, and which program has each.
folders  = $(shell awk '$$1 !~ /^\#/ && $$2 ~ /^($(1))$$/ { print $$1 }' user/FOLDERS)
objects  = $(patsubst %.c,$(BUILD)/%.o,$(foreach folder,$(1),$(wildcard user/$(folder)/*.c)))
FOLDERS := $(call folders,both|xringd|xring|xring-backend)
CORE    := $(call objects,base $(filter core/%,$(FOLDERS)))
CONF    := $(call objects,conf)
DP      := $(call objects,dp)
XRING   := $(call objects,$(call folders,both|xring))
XRING_BACKEND := $(call objects,base core/value $(call folders,xring-backend))
XRINGD  := $(call objects,$(call folders,both|xringd))
OBJECTS := $(call objects,$(FOLDERS))

all: $(BUILD)/xring $(BUILD)/xringd $(BUILD)/xring-backend $(BUILD)/xring.bpf.o $(BUILD)/decap.bpf.o $(BUILD)/pass.bpf.o

$(BUILD)/xring: $(XRING)
	$(CC) $(ALL_CFLAGS) $(HARDEN_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_CLI)

$(BUILD)/xringd: $(XRINGD)
	$(CC) $(ALL_CFLAGS) $(HARDEN_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_DAEMON)

$(BUILD)/xring-backend: $(XRING_BACKEND)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lbpf -ljansson -lmd

$(BUILD)/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BUILD)/tests/%.bpf.o: tests/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@

# The same source, which tells and writes nothing (bpf/tell.h).
$(BUILD)/explain.bpf.o: bpf/xring.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -DXRING_TELL -c $< -o $@

$(BUILD)/xring.skel.h: $(BUILD)/xring.bpf.o
	$(BPFTOOL) gen skeleton $< name xring_bpf > $@.tmp && mv $@.tmp $@

$(BUILD)/explain.skel.h: $(BUILD)/explain.bpf.o
	$(BPFTOOL) gen skeleton $< name explain_bpf > $@.tmp && mv $@.tmp $@

$(BUILD)/decap.skel.h: $(BUILD)/decap.bpf.o
	$(BPFTOOL) gen skeleton $< name decap_bpf > $@.tmp && mv $@.tmp $@

$(BUILD)/lost.skel.h: $(BUILD)/lost.bpf.o
	$(BPFTOOL) gen skeleton $< name lost_bpf > $@.tmp && mv $@.tmp $@

$(BUILD)/check.skel.h: $(BUILD)/check.bpf.o
	$(BPFTOOL) gen skeleton $< name check_bpf > $@.tmp && mv $@.tmp $@

$(BUILD)/pass.skel.h: $(BUILD)/pass.bpf.o
	$(BPFTOOL) gen skeleton $< name pass_bpf > $@.tmp && mv $@.tmp $@

$(call objects,backend): | $(BUILD)/decap.skel.h
$(DP): | $(patsubst %,$(BUILD)/%.skel.h,xring lost pass check)
$(call objects,dp/tell): | $(BUILD)/explain.skel.h

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c $< -o $@

-include $(OBJECTS:.o=.d) $(wildcard $(BUILD)/*.d $(BUILD)/tests/*/*.d)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/lib/xring \
		$(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/sysusers.d \
		$(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man7 \
		$(DESTDIR)$(PREFIX)/share/man/man8 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/doc/xring
	install $(BUILD)/xring $(DESTDIR)$(PREFIX)/bin/
	install $(BUILD)/xring-backend $(DESTDIR)$(PREFIX)/sbin/
	install $(BUILD)/xringd $(DESTDIR)$(PREFIX)/sbin/
	install system/prepare-bpffs $(DESTDIR)$(PREFIX)/lib/xring/
	install -m 644 $(BUILD)/xring.bpf.o $(BUILD)/decap.bpf.o system/exec.conf \
		$(DESTDIR)$(PREFIX)/lib/xring/
	sed 's|@PREFIX@|$(PREFIX)|' system/xringd.service \
		> $(DESTDIR)$(PREFIX)/lib/systemd/system/xringd.service
	install -m 644 system/xring.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/xring.conf
	install -m 644 docs/man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	install -m 644 docs/man/*.7 $(DESTDIR)$(PREFIX)/share/man/man7/
	install -m 644 docs/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	$(BUILD)/xring completion bash \
		> $(DESTDIR)$(PREFIX)/share/bash-completion/completions/xring
	install -m 644 system/xring-backend.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/xring-backend
	install -m 644 system/xring.yaml.example README.md CHANGELOG.md \
		$(DESTDIR)$(PREFIX)/share/doc/xring/

# What `make install` made; the configuration, the state and the pins stay (xring-setup(7)).
uninstall:
	rm -rf $(DESTDIR)$(PREFIX)/lib/xring $(DESTDIR)$(PREFIX)/share/doc/xring
	rm -f $(DESTDIR)$(PREFIX)/bin/xring $(DESTDIR)$(PREFIX)/sbin/xring-backend \
		$(DESTDIR)$(PREFIX)/sbin/xringd $(DESTDIR)$(PREFIX)/lib/systemd/system/xringd.service \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d/xring.conf \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/xring \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/xring-backend
	cd docs/man && for page in *; do \
		rm -f $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page; done

hooks:
	install scripts/hooks/pre-commit "$$(git rev-parse --git-path hooks)/pre-commit"

clean:
	rm -rf $(BUILD) build-clang build-asan

include tests/tests.mk

.PHONY: all install uninstall hooks clean
.SECONDARY:
