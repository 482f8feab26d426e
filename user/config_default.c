// SPDX-License-Identifier: GPL-2.0
/* The text of `synguard config default`: config_default.yaml as it is, with a zero behind it. */
#include "setup_config.h"

/* From the top of the tree, where make compiles. */
__asm__(".pushsection .rodata\n"
	".globl config_default_yaml\n"
	".type config_default_yaml, @object\n"
	"config_default_yaml:\n"
	".incbin \"user/config_default.yaml\"\n"
	".byte 0\n"
	".size config_default_yaml, . - config_default_yaml\n"
	".popsection\n");
