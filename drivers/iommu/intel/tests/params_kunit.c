// SPDX-License-Identifier: GPL-2.0-only
/*
 * intel_iommu=: what each word does, alone and among others, and that nothing
 * that only looks like a word does anything.
 */

#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "../params.h"

/* None of the defaults that a configuration may have: all words show */
static const struct vtd_params plain = { .large_pages = true };

/**
 * struct params_case - a command line and what it means
 * @words: of intel_iommu=
 * @before: what was so before
 * @after: what is to be so then
 */
struct params_case {
	const char *words;
	struct vtd_params before;
	struct vtd_params after;
};

static const struct params_case cases[] = {
	{ "", { .strict = true }, { .strict = true } },
	{ ",,,", { .strict = true }, { .strict = true } },
	{ "on", { .disabled = true }, { .intgpu = true } },
	{ "off", { .intgpu = true },
	  { .disabled = true, .no_platform_optin = true, .intgpu = true } },
	{ "igfx_off", {}, { .igfx_off = true } },
	{ "intgpu_off", { .intgpu = true }, {} },
	{ "forcedac", {}, { .forcedac = true } },
	{ "strict", {}, { .strict = true } },
	{ "sp_off", { .large_pages = true }, {} },
	{ "sm_on", {}, { .scalable = true } },
	{ "sm_off", { .scalable = true }, {} },
	{ "tboot_noforce", {}, { .tboot_noforce = true } },

	/* The last word wins */
	{ "off,on", {}, { .no_platform_optin = true, .intgpu = true } },
	{ "on,off", {},
	  { .disabled = true, .no_platform_optin = true, .intgpu = true } },
	{ "on,intgpu_off", { .disabled = true }, {} },
	{ "intgpu_off,on", { .disabled = true }, { .intgpu = true } },
	{ "sm_on,sm_off", {}, {} },

	/* Whole words, wherever they stand */
	{ "strict,igfx_off,sp_off", { .large_pages = true },
	  { .strict = true, .igfx_off = true } },
	{ ",,strict,,igfx_off,,", {}, { .strict = true, .igfx_off = true } },
	{ "offf", {}, {} },
	{ "of", {}, {} },
	{ "o", {}, {} },
	{ "only", { .disabled = true }, { .disabled = true } },
	{ "strictly", {}, {} },
	{ "sm_offline", { .scalable = true }, { .scalable = true } },
	{ "xstrict", {}, {} },
	{ " strict", {}, {} },
	{ "strict ", {}, {} },
	{ "STRICT", {}, {} },
	{ "on=1", { .disabled = true }, { .disabled = true } },
	{ "igfx_off_,strict", {}, { .strict = true } },
	{ "strict\nigfx_off", {}, {} },
};

/* Field by field: padding is nobody's business. */
static void expect_params(struct kunit *test, const struct vtd_params *found,
			  const struct vtd_params *wanted, const char *words)
{
	KUNIT_EXPECT_EQ_MSG(test, found->disabled, wanted->disabled, "%s", words);
	KUNIT_EXPECT_EQ_MSG(test, found->no_platform_optin,
			    wanted->no_platform_optin, "%s", words);
	KUNIT_EXPECT_EQ_MSG(test, found->intgpu, wanted->intgpu, "%s", words);
	KUNIT_EXPECT_EQ_MSG(test, found->igfx_off, wanted->igfx_off, "%s", words);
	KUNIT_EXPECT_EQ_MSG(test, found->large_pages, wanted->large_pages, "%s", words);
	KUNIT_EXPECT_EQ_MSG(test, found->scalable, wanted->scalable, "%s", words);
	KUNIT_EXPECT_EQ_MSG(test, found->tboot_noforce, wanted->tboot_noforce,
			    "%s", words);
	KUNIT_EXPECT_EQ_MSG(test, found->strict, wanted->strict, "%s", words);
	KUNIT_EXPECT_EQ_MSG(test, found->forcedac, wanted->forcedac, "%s", words);
}

static void params_test_words(struct kunit *test)
{
	struct vtd_params params;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		params = cases[i].before;
		vtd_params_parse(&params, cases[i].words);
		expect_params(test, &params, &cases[i].after, cases[i].words);
	}
}

static void params_test_nothing(struct kunit *test)
{
	struct vtd_params params = plain;

	vtd_params_parse(&params, NULL);
	expect_params(test, &params, &plain, "NULL");
}

/* A word that is longer than any line of the log, and ends with a real one. */
static void params_test_long_word(struct kunit *test)
{
	const size_t length = 4096;
	struct vtd_params params = plain;
	char *words;

	words = kunit_kzalloc(test, length + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, words);
	memset(words, 'x', length);
	memcpy(words + length - 6, "strict", 6);
	vtd_params_parse(&params, words);
	expect_params(test, &params, &plain, "4096 letters");

	words[length - 7] = ',';
	vtd_params_parse(&params, words);
	KUNIT_EXPECT_TRUE(test, params.strict);
}

/* Every byte that there is, in words of three: none is one of ours. */
static void params_test_garbage(struct kunit *test)
{
	struct vtd_params params = plain;
	struct rnd_state random;
	char words[16];
	unsigned int round;
	unsigned int i;

	prandom_seed_state(&random, 1);
	for (round = 0; round < 4; round++) {
		for (i = 0; i < sizeof(words) - 1; i++)
			words[i] = i % 4 == 3 ? ',' :
				   0x80 | prandom_u32_state(&random) % 0x7f;
		words[sizeof(words) - 1] = '\0';
		vtd_params_parse(&params, words);
	}
	vtd_params_parse(&params, "\x01\x1b[31m\x7f,\n\r\t");
	expect_params(test, &params, &plain, "garbage");
}

static struct kunit_case params_cases[] = {
	KUNIT_CASE(params_test_words),
	KUNIT_CASE(params_test_nothing),
	KUNIT_CASE(params_test_long_word),
	KUNIT_CASE(params_test_garbage),
	{}
};

static struct kunit_suite params_suite = {
	.name = "vtd-params",
	.test_cases = params_cases,
};

kunit_test_suite(params_suite);
