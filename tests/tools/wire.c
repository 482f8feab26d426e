/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Joins two virtual interfaces of this namespace by a cable (xdp_wire.bpf.c) until it is told to stop,
 * and with it the cable goes.
 */
#include "tool.h"
#include "wire.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

enum { QUEUE = 2048 }; /* frames on their way to a CPU */

struct wire {
	const char *obj, *dev[2];
	uint64_t cpu[2];
	struct bpf_object *object;
	struct wire_ends ends;
};

static struct bpf_program *program(const struct wire *wire, const char *name)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(wire->object, name);

	if (!prog)
		die(EXIT_FAILURE, "%s: no program %s", wire->obj, name);
	return prog;
}

static void wire_load(struct wire *wire)
{
	struct bpf_map *map, *cpus;

	for (int i = 0; i < 2; i++) {
		wire->ends.ifindex[i] = iface_virtual(wire->dev[i]);
		wire->ends.cpu[i] = wire->cpu[i];
	}
	wire->object = bpf_object__open_file(wire->obj, NULL);
	map = wire->object ? bpf_object__find_map_by_name(wire->object, ".rodata") : NULL;
	cpus = wire->object ? bpf_object__find_map_by_name(wire->object, "wire_cpus") : NULL;
	if (!map || !cpus || bpf_map__set_initial_value(map, &wire->ends, sizeof(wire->ends)) ||
	    bpf_map__set_max_entries(cpus, libbpf_num_possible_cpus()) ||
	    bpf_object__load(wire->object))
		die(EXIT_FAILURE, "%s: cannot load: %m", wire->obj);
}

static void wire_attach(struct wire *wire)
{
	struct bpf_cpumap_val value = {.qsize = QUEUE};
	struct bpf_map *cpus = bpf_object__find_map_by_name(wire->object, "wire_cpus");

	value.bpf_prog.fd = bpf_program__fd(program(wire, "xdp_wire_out"));
	for (int i = 0; i < 2; i++) {
		const uint32_t cpu = wire->ends.cpu[i];

		if (!cpus || bpf_map_update_elem(bpf_map__fd(cpus), &cpu, &value, BPF_ANY))
			die(EXIT_FAILURE, "CPU %u: cannot send frames there: %m", cpu);
	}
	for (int i = 0; i < 2; i++)
		if (!bpf_program__attach_xdp(program(wire, "xdp_wire"), wire->ends.ifindex[i]))
			die(EXIT_FAILURE, "%s: cannot attach: %m", wire->dev[i]);
}

int main(int argc, char **argv)
{
	static struct wire wire;
	struct arg args[] = {
	    {"obj", "xdp_wire.bpf.o", ARG_TEXT, &wire.obj, true},
	    {"dev-a", "IFACE", ARG_TEXT, &wire.dev[0], true},
	    {"dev-b", "IFACE", ARG_TEXT, &wire.dev[1], true},
	    {"cpu-a", "CPU (that receives at a's side)", ARG_NUMBER, &wire.cpu[0], true},
	    {"cpu-b", "CPU", ARG_NUMBER, &wire.cpu[1], true},
	    {0},
	};

	args_parse(argc, argv, args, "", NULL, 0);
	wire_load(&wire);
	tool_catch_signals();
	wire_attach(&wire);
	puts("ready");
	fflush(stdout);
	while (!tool_stop)
		pause();
	bpf_object__close(wire.object);
	return EXIT_SUCCESS;
}
