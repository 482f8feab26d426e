// SPDX-License-Identifier: GPL-2.0
/* Asking the kernel for its jiffies. */
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "jiffies.h"

/* *(u64 *)ctx = bpf_jiffies64(); return 0; */
static int program_load(void)
{
	const struct bpf_insn insns[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_1},
	    {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_jiffies64},
	    {.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_0},
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_flags = BPF_F_SLEEPABLE);

	return bpf_prog_load(BPF_PROG_TYPE_SYSCALL, "jiffies", "GPL", insns,
			     sizeof(insns) / sizeof(insns[0]), &opts);
}

int jiffies_read(__u64 *ret_jiffies)
{
	__u64 now = 0;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &now, .ctx_size_in = sizeof(now));
	static int fd = -1; /* kept, because each load leaves a line in the audit log */
	int err;

	if (fd < 0)
		fd = program_load();
	if (fd < 0)
		return fd;
	err = bpf_prog_test_run_opts(fd, &opts);
	if (!err)
		*ret_jiffies = now;
	return err;
}
