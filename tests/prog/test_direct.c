// SPDX-License-Identifier: GPL-2.0
/*
 * Look-ups in maps of one entry are addresses once the programs are loaded (user/direct.c): as the
 * kernel has them, no instruction refers to such a map as a map.  That they still find what they
 * should is what every other test of the programs shows.
 */
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bed.h"
#include "kernel.skel.h"
#include "xdp.skel.h"

struct uses {
	unsigned int addresses; /* of values */
	unsigned int lookups;   /* of maps of one entry */
};

static unsigned int map_has_one_entry(__u32 id)
{
	const int fd = bpf_map_get_fd_by_id(id);
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	must(fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size), "ask for a map");
	close(fd);
	return info.type == BPF_MAP_TYPE_ARRAY && info.max_entries == 1;
}

static struct uses uses_in(const struct bpf_insn *insns, size_t n)
{
	struct uses uses = {0};

	for (size_t i = 0; i < n; i++) {
		if (insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (insns[i].src_reg == BPF_PSEUDO_MAP_VALUE)
			uses.addresses++;
		if (insns[i].src_reg == BPF_PSEUDO_MAP_FD)
			uses.lookups += map_has_one_entry((__u32)insns[i].imm);
	}
	return uses;
}

static struct uses uses_of(int prog)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info), bytes;
	struct bpf_insn *insns;
	struct uses uses;

	must(!bpf_obj_get_info_by_fd(prog, &info, &size), "ask for a program");
	bytes = info.xlated_prog_len;
	insns = calloc(1, bytes);
	must(insns != NULL, "allocate instructions");
	if (!insns)
		return (struct uses){0};
	memset(&info, 0, sizeof(info));
	info.xlated_prog_len = bytes;
	info.xlated_prog_insns = (__u64)(unsigned long)insns;
	size = sizeof(info);
	must(!bpf_obj_get_info_by_fd(prog, &info, &size), "read a program's instructions");
	uses = uses_in(insns, bytes / sizeof(*insns));
	free(insns);
	return uses;
}

static void looked_up_by_address(void **state)
{
	const struct bed *bed = *state;
	const int progs[] = {
	    bpf_program__fd(bed->s.xdp->progs.synguard_xdp),
	    bpf_program__fd(bed->s.kernel->progs.synguard_tc),
	    bpf_program__fd(bed->s.kernel->progs.synguard_egress),
	};

	for (size_t i = 0; i < COUNT_OF(progs); i++) {
		const struct uses uses = uses_of(progs[i]);

		assert_int_equal(uses.lookups, 0);
		assert_true(uses.addresses > 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(looked_up_by_address)};

	return cmocka_run_group_tests(tests, bed_make, bed_end);
}
