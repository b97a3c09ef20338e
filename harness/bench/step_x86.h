/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Atomic instructions that a piece of work executes, found by single-stepping
 * through it: all there are, whoever's they are.
 */

#ifndef _STEP_X86_H_
#define _STEP_X86_H_

#include <linux/types.h>

#define STEP_PLACES 128

/**
 * struct step_place - an atomic instruction, and a cache line that it changed
 * @ip: the instruction
 * @line: address of the line
 * @count: how often
 */
struct step_place {
	unsigned long	ip;
	unsigned long	line;
	unsigned long	count;
};

/**
 * struct step_log - what was found
 * @instructions: how many were executed
 * @nr: number of @places
 * @lost: more places than fit
 * @places: each once
 */
struct step_log {
	unsigned long		instructions;
	unsigned int		nr;
	bool			lost;
	struct step_place	places[STEP_PLACES];
};

int step_init(void);
void step_exit(void);

/* With interrupts off, on one CPU at a time */
void step_begin(struct step_log *log);
void step_end(void);

#endif /* _STEP_X86_H_ */
