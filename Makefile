# SPDX-License-Identifier: GPL-2.0
# synguard: build, try, test, install.  `make help` lists the targets.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
BUILD := build

CC := gcc
# The programs are 3 to 6 % faster by clang 19 than by 14, which is Debian 12's default and will do.
CLANG = $(or $(shell command -v clang-19),clang)
BPFTOOL := $(or $(shell command -v bpftool),/usr/sbin/bpftool)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
WERROR ?= -Werror
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARN) $(WERROR) -Iinclude -I$(BUILD) -Itests/tools \
	-DSYNGUARD_VERSION='"$(VERSION)"' -MMD -MP
BPF_CFLAGS = -std=gnu11 -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused-parameter $(WERROR) \
	-Iinclude -Ibpf -I/usr/include/$(shell uname -m)-linux-gnu -MMD -MP
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all

USER_OBJ := $(patsubst user/%.c,$(BUILD)/user/%.o,$(wildcard user/*.c))
BPF_OBJ := $(patsubst bpf/%.bpf.c,$(BUILD)/%.bpf.o,$(wildcard bpf/*.bpf.c))
SKELETONS := $(BPF_OBJ:.bpf.o=.skel.h)
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
PROG := $(patsubst tests/prog/%.c,$(BUILD)/prog/%,$(wildcard tests/prog/test_*.c))
PROG_LIB := $(patsubst tests/prog/%.c,$(BUILD)/prog/%.o,$(filter-out tests/prog/test_%,$(wildcard tests/prog/*.c))) \
	$(BUILD)/user/direct.o
TOOLS := $(patsubst tests/tools/%.c,$(BUILD)/tools/%,$(filter-out %.bpf.c,$(wildcard tests/tools/*.c)))
TOOLS_BPF := $(patsubst tests/tools/%.bpf.c,$(BUILD)/tools/%.bpf.o,$(wildcard tests/tools/*.bpf.c))
PACKET := $(patsubst tests/bench/%.c,$(BUILD)/bench/%.o,$(wildcard tests/bench/packet*.c))
SCALE := $(patsubst tests/bench/%.c,$(BUILD)/bench/%.o,$(wildcard tests/bench/scale*.c) tests/bench/fill.c)
BENCH_BPF := $(patsubst tests/bench/%.bpf.c,$(BUILD)/bench/%.bpf.o,$(wildcard tests/bench/*.bpf.c))

# What lists connections, without the command around it: for its tests.
CONNS := $(addprefix user/,columns.c conns.c conns_filter.c conns_json.c conns_list.c conns_print.c \
	conns_sort.c conns_tally.c conns_view.c text.c)

# The configuration file, for its unit test.
CONFIG := $(addprefix user/,problems.c yaml_tree.c yaml_check.c setup_config.c setup_from_words.c setup_services.c \
	setup_schema.c setup_values.c setup_print.c setup.c units.c ports.c error.c config_default.c)

# What writes a setup to the maps and reads it back, for its test.
BANKS := $(addprefix user/,addr_map.c bank_read.c error.c maps.c pins.c setup.c setup_maps.c)

# What changes services and tells the difference, for its unit tests.
EDIT := $(addprefix user/,error.c ports.c problems.c selection.c setup.c setup_diff.c setup_edit.c setup_values.c \
	setup_view.c timeouts.c units.c yaml_tree.c)
# Sets of prefixes, as maps.
PREFIXSET := $(addprefix user/,prefixset_build.c prefixset_map.c prefixset_tree.c)

# The pure parts of trace, for its unit tests.
TRACE := $(addprefix user/,cli.c conns_filter.c conns_view.c reason_table.c trace_args.c trace_conns.c trace_decode.c \
	trace_json.c trace_ladder.c trace_pcapng.c trace_words.c)
TRACE_UNIT := $(filter $(BUILD)/unit/test_trace_%,$(UNIT))

.PHONY: all help deps demo test test-run bench bench-flood bench-scale bench-peace bench-all fuzz lint install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/synguard ## build the loader with both BPF objects inside

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

deps: ## install what building and testing need (apt-get; needs root)
	@scripts/install-deps

demo: deps ## show one SYN flood three times: no protection, the kernel's cookies, synguard
	@$(MAKE) --no-print-directory -s all tools
	@scripts/demo

test: deps ## every test there is; the last line counts them
	@$(MAKE) --no-print-directory -s test-run

test-run: all tools $(UNIT) $(PROG) $(BENCH_BPF) $(BUILD)/bench/fill
	@scripts/run-tests $(BUILD)

export BENCH_DIR ?= $(BUILD)/bench/results

bench: deps ## nanoseconds per packet and ratios to the floor; BENCH_ONLY=PATTERN, BENCH_QUICK=1
	@$(MAKE) --no-print-directory -s $(BUILD)/bench/packet
	@$(BUILD)/bench/packet
	@tests/bench/plot $(BENCH_DIR) packet

bench-flood: deps ## goodput under floods: the kernel, SYNPROXY, synguard; BENCH_QUICK=1 is short
	@$(MAKE) --no-print-directory -s all tools
	@tests/bench/flood
	@tests/bench/plot $(BENCH_DIR) flood

bench-all: bench bench-flood bench-scale bench-peace ## all four benchmarks, 26 minutes

bench-scale: deps ## cost against connections, services, prefixes, CPUs; memory, attach times, new connections
	@$(MAKE) --no-print-directory -s all tools $(BUILD)/bench/fill $(BUILD)/bench/scale
	@tests/bench/scale
	@tests/bench/plot $(BENCH_DIR) scale

bench-peace: deps ## what protection costs honest traffic in peace: connections, transactions, bulk
	@$(MAKE) --no-print-directory -s all tools $(BUILD)/bench/fill
	@tests/bench/peace
	@tests/bench/plot $(BENCH_DIR) peace

FUZZ_SECONDS ?= 20
fuzz: $(BUILD)/fuzz/fuzz_packet ## FUZZ_SECONDS of crafted frames against the parsers (libclang-rt-14-dev)
	@cd $(<D) && ./$(<F) -max_total_time=$(FUZZ_SECONDS) -max_len=512 -use_value_profile=1

lint: ## formatters and static checkers (scripts/install-deps --lint installs them)
	@scripts/lint

.PHONY: tools
tools: $(TOOLS) $(TOOLS_BPF) ## what tests, the demo and scripts/testbed send packets with

$(BUILD)/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(BPFTOOL) gen skeleton $< name synguard_$* > $@

$(BUILD)/user/%.o: user/%.c $(SKELETONS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c $< -o $@

# Its text is in it by .incbin.
$(BUILD)/user/config_default.o $(BUILD)/unit/test_setup_config: user/config_default.yaml

$(BUILD)/synguard: $(USER_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ -lxdp -lbpf -lelf -lz -ljansson -lmnl -lcyaml -lyaml

$(BUILD)/unit/test_setup_diff $(BUILD)/unit/test_setup_edit: $(EDIT)
$(BUILD)/unit/test_setup_diff $(BUILD)/unit/test_setup_edit: LDLIBS := -lcyaml -lyaml -lxdp -lbpf
$(BUILD)/unit/test_cli: user/cli.c user/cli_usage.c
$(BUILD)/unit/test_keyfile: user/keyfile.c user/random.c user/error.c
$(BUILD)/unit/test_keyfile: LDLIBS := -lxdp -lbpf
$(BUILD)/unit/test_keys_status: user/keys_status.c user/keys_clock.c
$(BUILD)/unit/test_text: user/text.c
$(BUILD)/unit/test_prefixset: user/prefixset_build.c user/prefixset_tree.c
$(BUILD)/unit/test_prefix_list: $(addprefix user/,prefix_list.c prefix_file.c prefixset_build.c \
	prefixset_tree.c text.c units.c error.c)
$(BUILD)/unit/test_prefix_list: LDLIBS := -lxdp -lbpf
$(BUILD)/unit/test_units: user/units.c
$(BUILD)/unit/test_timeouts: user/timeouts.c user/units.c user/error.c
$(BUILD)/unit/test_setup: user/setup.c user/error.c
$(BUILD)/unit/test_explain_advice: $(addprefix user/,explain_advice.c explain_words.c reason_table.c host.c netns.c)
$(BUILD)/unit/test_explain_advice: LDLIBS := -ljansson -lbpf
$(BUILD)/unit/test_attacks: user/attacks.c user/text.c
$(BUILD)/unit/test_setup_view: user/setup_view.c user/setup.c user/error.c
$(BUILD)/unit/test_setup_view: LDLIBS := -lxdp -lbpf
$(BUILD)/unit/test_setup_config: $(CONFIG)
$(BUILD)/unit/test_setup_config: LDLIBS := -lcyaml -lyaml -lxdp -lbpf
$(BUILD)/unit/test_timeouts $(BUILD)/unit/test_setup: LDLIBS := -lxdp -lbpf
$(BUILD)/unit/test_conns_filter: user/conns_filter.c user/conns_view.c
$(BUILD)/unit/test_conns_view: $(CONNS)
$(BUILD)/unit/test_conns_%: LDLIBS := -ljansson -lbpf
$(TRACE_UNIT): $(TRACE)
$(TRACE_UNIT): LDLIBS := -ljansson
$(BUILD)/unit/%: tests/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MT $@ -Iuser -Itests/unit $(SANITIZE) $(filter %.c,$^) -o $@ -lcmocka $(LDLIBS)

$(BUILD)/fuzz/%: tests/fuzz/%.c
	@mkdir -p $(@D)
	clang -O1 -g $(WARN) $(WERROR) -Iinclude -MMD -MP \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $< -o $@

$(BUILD)/prog/%.o: tests/prog/%.c $(SKELETONS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Iuser -c $< -o $@

$(BUILD)/prog/test_conns $(BUILD)/prog/test_conns_torn: $(CONNS:%.c=$(BUILD)/%.o)
$(BUILD)/prog/test_conns $(BUILD)/prog/test_conns_torn: LDLIBS := -ljansson -lpthread
$(BUILD)/prog/test_setup_maps: $(BANKS:%.c=$(BUILD)/%.o)
$(BUILD)/prog/test_setup_maps: LDLIBS := -lxdp
$(BUILD)/prog/test_lists: $(PREFIXSET:%.c=$(BUILD)/%.o)
$(BUILD)/prog/test_lists: LDLIBS := -lpthread
$(BUILD)/prog/%: tests/prog/%.c $(PROG_LIB) $(SKELETONS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Iuser $(filter %.c %.o,$^) -o $@ -lcmocka -lbpf -lelf -lz -lmnl $(LDLIBS)

$(BUILD)/tools/%.bpf.o $(BUILD)/bench/%.bpf.o: BPF_CFLAGS += -Itests
$(BUILD)/tools/%.bpf.o: tests/tools/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BUILD)/bench/%.bpf.o: tests/bench/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BUILD)/tools/%.skel.h: $(BUILD)/tools/%.bpf.o
	$(BPFTOOL) gen skeleton $< name synguard_$* > $@

$(BUILD)/tools/xdpflood: $(BUILD)/tools/xdpflood.skel.h
$(BUILD)/tools/%: tests/tools/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -I$(BUILD)/tools $< -o $@ -lbpf -lelf -lz -lpthread

$(BUILD)/bench/%.skel.h: $(BUILD)/bench/%.bpf.o
	$(BPFTOOL) gen skeleton $< name synguard_$* > $@

$(PACKET) $(SCALE): $(BUILD)/bench/%.o: tests/bench/%.c $(SKELETONS) $(BUILD)/bench/wrapper.skel.h
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests/prog -Iuser -I$(BUILD)/bench -c $< -o $@

$(BUILD)/bench/scale: $(SCALE) $(filter-out %/packet.o %/packet_rows.o %/packet_live.o,$(PACKET)) $(PROG_LIB) $(PREFIXSET:%.c=$(BUILD)/%.o)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ -lcmocka -lbpf -lelf -lz -ljansson -lmnl -lpthread

$(BUILD)/bench/fill: tests/bench/fill_main.c tests/bench/fill.c $(addprefix $(BUILD)/user/,error.o jiffies.o maps.o pins.o)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Iuser -Itests/bench $(filter %.c %.o,$^) -o $@ -lxdp -lbpf

$(BUILD)/bench/packet: $(PACKET) $(PROG_LIB) $(PREFIXSET:%.c=$(BUILD)/%.o)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ -lcmocka -lbpf -lelf -lz -ljansson -lmnl

install: all ## install under $(DESTDIR)$(PREFIX)
	install -D -m 755 $(BUILD)/synguard $(DESTDIR)$(PREFIX)/sbin/synguard
	install -D -m 644 docs/synguard.8 $(DESTDIR)$(PREFIX)/share/man/man8/synguard.8

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/sbin/synguard $(DESTDIR)$(PREFIX)/share/man/man8/synguard.8

clean: ## remove what was built
	rm -rf $(BUILD)

-include $(wildcard $(BUILD)/*.d $(BUILD)/*/*.d)
