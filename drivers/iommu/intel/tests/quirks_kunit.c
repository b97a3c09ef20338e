// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errata by PCI id: every id of Intel's is looked up, and just those with an
 * erratum are told of.
 */

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/pci.h>

#include "../quirks.h"

#define CLASS_VGA	0x030000
#define CLASS_3D	0x030200
#define CLASS_BRIDGE	0x060000

/* Of a chipset whose graphics are not translated; no other fixup knows it */
#define IGFX_OFF_DEVICE	0x160a

/* Broadwell's graphics: four steps, six kinds of each */
static bool is_broadwell(u16 device)
{
	return (device & 0xffc0) == 0x1600 &&
	       BIT(device & 0xf) & (BIT(0x2) | BIT(0x6) | BIT(0xa) | BIT(0xb) |
				    BIT(0xd) | BIT(0xe));
}

static u32 expected(u16 device)
{
	switch (device) {
	case 0x29b2:
	case 0x0044:
		return VTD_QUIRK_IGFX_OFF;
	case 0x2a40:
	case 0x2e00:
	case 0x2e10:
	case 0x2e20:
	case 0x2e30:
	case 0x2e40:
	case 0x2e90:
		return VTD_QUIRK_IGFX_OFF | VTD_QUIRK_WRITE_BUFFER;
	case 0x0040:
	case 0x0062:
	case 0x006a:
		return VTD_QUIRK_CHECK_GTT;
	default:
		return is_broadwell(device) ? VTD_QUIRK_IGFX_OFF : 0;
	}
}

static u32 expected_of_graphics(u16 device)
{
	switch (device >> 8) {
	case 0x45:
	case 0x46:
	case 0x4c:
	case 0x4e:
	case 0x7d:
	case 0x8a:
	case 0x98:
	case 0x9a:
	case 0xa7:
		return expected(device) | VTD_QUIRK_KEEP_TRANSLATION;
	default:
		return expected(device);
	}
}

static void quirks_test_every_id(struct kunit *test)
{
	unsigned int device;

	for (device = 0; device <= U16_MAX; device++) {
		KUNIT_ASSERT_EQ_MSG(test, expected(device),
				    vtd_quirk_lookup(PCI_VENDOR_ID_INTEL, device,
						     CLASS_BRIDGE), "%04x", device);
		KUNIT_ASSERT_EQ_MSG(test, expected_of_graphics(device),
				    vtd_quirk_lookup(PCI_VENDOR_ID_INTEL, device,
						     CLASS_VGA), "%04x", device);
	}
}

static void quirks_test_other_vendors(struct kunit *test)
{
	unsigned int device;

	for (device = 0; device <= U16_MAX; device++) {
		KUNIT_ASSERT_EQ(test, 0, vtd_quirk_lookup(PCI_VENDOR_ID_AMD, device,
							  CLASS_VGA));
		KUNIT_ASSERT_EQ(test, 0, vtd_quirk_lookup(PCI_VENDOR_ID_REDHAT_QUMRANET,
							  device, CLASS_BRIDGE));
	}
}

static void quirks_test_flush_twice(struct kunit *test)
{
	struct pci_dev *pdev = kunit_kzalloc(test, sizeof(*pdev), GFP_KERNEL);
	unsigned int device;

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	for (device = 0; device <= U16_MAX; device++) {
		pdev->device = device;
		pdev->vendor = PCI_VENDOR_ID_INTEL;
		KUNIT_ASSERT_EQ(test, vtd_quirk_flush_twice(pdev),
				(device & 0xfffc) == 0x4940);
		pdev->vendor = PCI_VENDOR_ID_AMD;
		KUNIT_ASSERT_FALSE(test, vtd_quirk_flush_twice(pdev));
	}
}

static void quirks_test_graphics(struct kunit *test)
{
	struct pci_dev *pdev = kunit_kzalloc(test, sizeof(*pdev), GFP_KERNEL);
	struct pci_bus *root = kunit_kzalloc(test, sizeof(*root), GFP_KERNEL);
	struct pci_bus *behind = kunit_kzalloc(test, sizeof(*behind), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	KUNIT_ASSERT_NOT_NULL(test, root);
	KUNIT_ASSERT_NOT_NULL(test, behind);
	behind->parent = root;
	pdev->vendor = PCI_VENDOR_ID_INTEL;
	pdev->bus = root;

	pdev->class = CLASS_BRIDGE;
	KUNIT_EXPECT_FALSE(test, vtd_is_graphics(pdev));
	KUNIT_EXPECT_FALSE(test, vtd_is_integrated_graphics(pdev));

	pdev->class = CLASS_3D;
	KUNIT_EXPECT_TRUE(test, vtd_is_graphics(pdev));
	KUNIT_EXPECT_TRUE(test, vtd_is_integrated_graphics(pdev));

	/* A card that is plugged in */
	pdev->bus = behind;
	KUNIT_EXPECT_TRUE(test, vtd_is_graphics(pdev));
	KUNIT_EXPECT_FALSE(test, vtd_is_integrated_graphics(pdev));

	/* Emulated, on the root bus, of another vendor */
	pdev->bus = root;
	pdev->vendor = PCI_VENDOR_ID_REDHAT_QUMRANET;
	KUNIT_EXPECT_FALSE(test, vtd_is_integrated_graphics(pdev));
}

/*
 * A device on an untrusted link can't disable the translation of graphics. What a
 * trusted one sets stays set, but is not used after boot.
 */
static void quirks_test_untrusted(struct kunit *test)
{
	struct pci_dev *pdev = kunit_kzalloc(test, sizeof(*pdev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	if (!IS_ENABLED(CONFIG_PCI_QUIRKS))
		kunit_skip(test, "no fixups");
	if (vtd_quirk_igfx_off())
		kunit_skip(test, "this machine has the erratum, or had this test");
	pdev->dev.init_name = "vtd-quirks";
	pdev->vendor = PCI_VENDOR_ID_INTEL;
	pdev->device = IGFX_OFF_DEVICE;
	pdev->class = CLASS_BRIDGE;

	pdev->untrusted = 1;
	pci_fixup_device(pci_fixup_header, pdev);
	KUNIT_EXPECT_FALSE(test, vtd_quirk_igfx_off());

	pdev->untrusted = 0;
	pci_fixup_device(pci_fixup_header, pdev);
	KUNIT_EXPECT_TRUE(test, vtd_quirk_igfx_off());
}

static struct kunit_case quirks_cases[] = {
	KUNIT_CASE(quirks_test_every_id),
	KUNIT_CASE(quirks_test_other_vendors),
	KUNIT_CASE(quirks_test_flush_twice),
	KUNIT_CASE(quirks_test_graphics),
	KUNIT_CASE(quirks_test_untrusted),
	{}
};

static struct kunit_suite quirks_suite = {
	.name = "vtd-quirks",
	.test_cases = quirks_cases,
};

kunit_test_suite(quirks_suite);
