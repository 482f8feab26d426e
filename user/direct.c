// SPDX-License-Identifier: GPL-2.0
/*
 * A look-up in an array map is inlined by the kernel, but its index still goes over the stack, is
 * held against the map's size, and the result against NULL: a dozen instructions, twelve times in
 * the answer to a SYN.  For a map of one entry the kernel has something better, the address of the
 * value as a constant (BPF_PSEUDO_MAP_VALUE, Linux 5.2), with which the checks are dead code that
 * the verifier takes out.  clang gives that to global variables only, whose maps have neither
 * names of ours nor a type that bpftool shows well.  So
 *
 *     r1 = map ll; call bpf_map_lookup_elem      becomes      r0 = value of map ll; nop
 *
 * once libbpf knows the maps, right before it loads the program.  Only where the two stand close to
 * each other and nothing jumps between them, which is how clang writes it; all else stays as it is.
 * With the call go what computes its second argument and the test of its result.
 */
#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "direct.h"

static int is_jump(const struct bpf_insn *insn)
{
	const __u8 class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return (class == BPF_JMP || class == BPF_JMP32) && op != BPF_CALL && op != BPF_EXIT;
}

static int is_lookup(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg &&
	       insn->imm == BPF_FUNC_map_lookup_elem;
}

static int is_arithmetic(const struct bpf_insn *insn)
{
	const __u8 class = BPF_CLASS(insn->code);

	return class == BPF_ALU || class == BPF_ALU64;
}

/* Arithmetic, a load or a store; not an atomic one, since a compare-and-swap takes r0 unnamed. */
static int is_plain(const struct bpf_insn *insn)
{
	const __u8 class = BPF_CLASS(insn->code);

	if (class == BPF_STX)
		return BPF_MODE(insn->code) != BPF_ATOMIC;
	return is_arithmetic(insn) || class == BPF_LDX || class == BPF_ST;
}

/* Are r0 and r1 nothing to it? */
static int is_neutral(const struct bpf_insn *insn)
{
	return is_plain(insn) && insn->dst_reg > BPF_REG_1 &&
	       (insn->src_reg > BPF_REG_1 || BPF_CLASS(insn->code) == BPF_ST ||
		(is_arithmetic(insn) && BPF_SRC(insn->code) == BPF_K));
}

/* A constant of 64 bits, in two slots, the second of which has no code. */
static int is_constant(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

enum { BETWEEN_MAX = 6 };

/* From "r1 = map ll" at i: the call that takes it, or NULL. */
static struct bpf_insn *lookup_of(struct bpf_insn *insns, size_t n, size_t i, const char *target)
{
	if (!is_constant(&insns[i]) || insns[i].dst_reg != BPF_REG_1 ||
	    insns[i].src_reg != BPF_PSEUDO_MAP_FD)
		return NULL;
	for (size_t at = i + 2; at < n && at < i + 2 + BETWEEN_MAX && !target[at]; at++) {
		if (is_lookup(&insns[at]))
			return &insns[at];
		if (is_constant(&insns[at]) && insns[at].dst_reg > BPF_REG_1)
			at++;
		else if (!is_neutral(&insns[at]))
			break;
	}
	return NULL;
}

static const struct bpf_insn nothing = {.code = BPF_JMP | BPF_JA};

/* Does it read r2?  Or do more than can be told here. */
static int reads_r2(const struct bpf_insn *insn)
{
	const __u8 class = BPF_CLASS(insn->code);

	if (is_constant(insn))
		return 0;
	if (class == BPF_ST)
		return insn->dst_reg == BPF_REG_2;
	if (class == BPF_LDX)
		return insn->src_reg == BPF_REG_2;
	if (!is_plain(insn))
		return 1;
	if (class == BPF_STX)
		return insn->dst_reg == BPF_REG_2 || insn->src_reg == BPF_REG_2;
	return BPF_SRC(insn->code) == BPF_X && insn->src_reg == BPF_REG_2;
}

enum { AROUND_MAX = 8 };

/* What a call leaves in r2 nobody may read, so what only computes it goes with the call at i. */
static void key_remove(struct bpf_insn *insns, size_t i, const char *target)
{
	for (size_t n = 0; n < AROUND_MAX && i > 0 && !target[i]; n++) {
		struct bpf_insn *insn = &insns[--i];

		if (!insn->code) /* a constant's second slot */
			insn = &insns[--i];
		if (reads_r2(insn))
			return;
		if (insn->dst_reg != BPF_REG_2)
			continue;
		if (is_constant(insn))
			insn[0] = insn[1] = nothing;
		else if (is_arithmetic(insn))
			*insn = nothing;
	}
}

/* The verifier takes such a test out only where no other way leads to what it skips. */
static void test_remove(struct bpf_insn *insns, size_t n, size_t i, const char *target)
{
	for (size_t at = i + 1; at < n && at <= i + AROUND_MAX && !target[at]; at++) {
		struct bpf_insn *insn = &insns[at];
		const int stores =
		    BPF_CLASS(insn->code) == BPF_ST || BPF_CLASS(insn->code) == BPF_STX;

		if (insn->code == (BPF_JMP | BPF_JEQ | BPF_K) && insn->dst_reg == BPF_REG_0 &&
		    !insn->imm) {
			*insn = nothing;
			return;
		}
		if (is_constant(insn) && insn->dst_reg != BPF_REG_0) {
			at++;
			continue;
		}
		if (!is_plain(insn) || (insn->dst_reg == BPF_REG_0 && !stores))
			return;
	}
}

/* What is known of the maps by file descriptor, so that each is asked about once. */
enum { KNOWN_MAX = 256 };

struct known {
	char asked[KNOWN_MAX];
	char one_entry[KNOWN_MAX];
};

static char map_has_one_entry(int map)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	return !bpf_obj_get_info_by_fd(map, &info, &size) && info.type == BPF_MAP_TYPE_ARRAY &&
	       info.max_entries == 1;
}

/*
 * The index is then 0, or the look-up would find nothing.  Maps that are looked up at other indices
 * have more entries from the start, not only once the loader has sized them.
 */
static char has_one_entry(struct known *k, int map)
{
	if (map < 0 || map >= KNOWN_MAX)
		return map_has_one_entry(map);
	if (!k->asked[map])
		k->one_entry[map] = map_has_one_entry(map);
	k->asked[map] = 1;
	return k->one_entry[map];
}

static void lookup_replace(struct bpf_insn *load, struct bpf_insn *call)
{
	load[0].dst_reg = BPF_REG_0;
	load[0].src_reg = BPF_PSEUDO_MAP_VALUE;
	load[1].imm = 0;
	*call = nothing;
}

static int direct_prepare(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
	/* libbpf's own copy, which it is about to load. */
	struct bpf_insn *insns = (struct bpf_insn *)bpf_program__insns(prog);
	const size_t n = bpf_program__insn_cnt(prog);
	char *target = calloc(n, 1);
	struct known known = {0};

	(void)opts;
	(void)cookie;
	if (!target)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const size_t to = i + 1 + (size_t)insns[i].off;

		if (is_jump(&insns[i]) && to < n)
			target[to] = 1;
	}
	for (size_t i = 0; i < n; i++) {
		struct bpf_insn *call = lookup_of(insns, n, i, target);

		if (!call || !has_one_entry(&known, insns[i].imm))
			continue;
		lookup_replace(&insns[i], call);
		key_remove(insns, (size_t)(call - insns), target);
		test_remove(insns, n, (size_t)(call - insns), target);
	}
	free(target);
	return 0;
}

static int section_register(const char *section, enum bpf_prog_type type,
			    enum bpf_attach_type attach)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .prog_prepare_load_fn = direct_prepare);
	const int id = libbpf_register_prog_handler(section, type, attach, &opts);

	return id < 0 ? id : 0;
}

int direct_enable(void)
{
	static int enabled;
	int err;

	if (enabled)
		return 0;
	enabled = 1;
	err = section_register("xdp", BPF_PROG_TYPE_XDP, BPF_XDP);
	return err ? err : section_register("tc", BPF_PROG_TYPE_SCHED_CLS, 0);
}
