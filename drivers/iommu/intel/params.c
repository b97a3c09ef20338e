// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line: intel_iommu= and what its words mean.
 *
 * The words are a table. Parsing only fills a struct; what has to happen
 * outside this driver at once, the __setup function does.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <kunit/visibility.h>
#include <linux/cache.h>
#include <linux/init.h>
#include <linux/iommu.h>
#include <linux/printk.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "../dma-iommu.h"
#include "params.h"

/* What comes before the words */
#define PARAM		"intel_iommu="

/* Characters of an unknown word that are repeated in the log */
#define WORD_SHOWN	32

struct vtd_params vtd_params __ro_after_init = {
	.disabled = IS_ENABLED(CONFIG_INTEL_IOMMU_DEFAULT_OFF),
	.intgpu = IS_ENABLED(CONFIG_INTEL_IOMMU_DEFAULT_ON),
	.large_pages = true,
	.scalable = IS_ENABLED(CONFIG_INTEL_IOMMU_SCALABLE_MODE_DEFAULT_ON),
};

/**
 * struct param_effect - what a word does to one field
 * @word: the word
 * @field: offset of a bool in struct vtd_params
 * @value: what it becomes
 */
struct param_effect {
	const char	*word;
	size_t		field;
	bool		value;
};

static const struct param_effect param_effects[] = {
	{ "on",		   offsetof(struct vtd_params, disabled),	   false },
	{ "on",		   offsetof(struct vtd_params, intgpu),		   true },
	{ "off",	   offsetof(struct vtd_params, disabled),	   true },
	{ "off",	   offsetof(struct vtd_params, no_platform_optin), true },
	{ "igfx_off",	   offsetof(struct vtd_params, igfx_off),	   true },
	{ "intgpu_off",	   offsetof(struct vtd_params, intgpu),		   false },
	{ "forcedac",	   offsetof(struct vtd_params, forcedac),	   true },
	{ "strict",	   offsetof(struct vtd_params, strict),		   true },
	{ "sp_off",	   offsetof(struct vtd_params, large_pages),	   false },
	{ "sm_on",	   offsetof(struct vtd_params, scalable),	   true },
	{ "sm_off",	   offsetof(struct vtd_params, scalable),	   false },
	{ "tboot_noforce", offsetof(struct vtd_params, tboot_noforce),	   true },
};

/* Apply a word; return false if it is unknown. */
static bool param_apply(struct vtd_params *params, const char *word, size_t length)
{
	const struct param_effect *effect;
	bool known = false;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(param_effects); i++) {
		effect = &param_effects[i];
		if (strlen(effect->word) != length ||
		    strncmp(effect->word, word, length))
			continue;
		*(bool *)((char *)params + effect->field) = effect->value;
		known = true;
	}
	return known;
}

/**
 * vtd_params_parse() - read the words of intel_iommu=
 * @params: what they are about; fields that no word names stay as they are
 * @words: words with commas between, or NULL
 *
 * A later word wins over an earlier one. Unknown words are named in a warning
 * and have no effect; empty ones are passed over.
 *
 * Context: Any context.
 */
void vtd_params_parse(struct vtd_params *params, const char *words)
{
	size_t length;

	while (words && *words) {
		length = strcspn(words, ",");
		if (length && !param_apply(params, words, length))
			pr_warn(PARAM "%*pE%s: no such word\n",
				(int)min_t(size_t, length, WORD_SHOWN), words,
				length > WORD_SHOWN ? "..." : "");
		words += length;
		words += strspn(words, ",");
	}
}
EXPORT_SYMBOL_IF_KUNIT(vtd_params_parse);

/* Called once for each intel_iommu=: log only what changes. */
static int __init params_setup(char *words)
{
	struct vtd_params before = vtd_params;

	vtd_params_parse(&vtd_params, words);
	if (vtd_params.disabled)
		pr_info("IOMMU disabled\n");
	else if (before.disabled)
		pr_info("IOMMU enabled\n");
	if (vtd_params.forcedac && !before.forcedac) {
		pr_warn(PARAM "forcedac will go, iommu.forcedac=1 does the same\n");
		iommu_dma_forcedac = true;
	}
	if (vtd_params.igfx_off && !before.igfx_off)
		pr_info("Units of graphics alone do not translate\n");
	if (!vtd_params.intgpu && before.intgpu)
		pr_info("Integrated graphics are not translated\n");
	if (!vtd_params.large_pages && before.large_pages)
		pr_info("Superpages are not used\n");
	if (vtd_params.tboot_noforce && !before.tboot_noforce)
		pr_warn("Not forced on after a measured launch: DMA is open to attacks\n");
	if (vtd_params.strict && !before.strict) {
		pr_warn(PARAM "strict will go, iommu.strict=1 does the same\n");
		iommu_set_dma_strict();
	}
	return 1;
}
__setup(PARAM, params_setup);
