// SPDX-License-Identifier: GPL-2.0-only
/*
 * udp_echo HOST PORT: sends packets of many sizes to an echo server, one at a
 * time, and compares what comes back. A lost packet is sent again, and
 * counted.
 */

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#define PACKETS		500
#define LARGEST		1472
#define ATTEMPTS	5

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void fill(uint8_t *packet, size_t size, uint32_t number)
{
	for (size_t i = 0; i < size; i++)
		packet[i] = number + i * 31;
	memcpy(packet, &number, sizeof(number));
}

/* Returns how often the packet had to be sent, 0 when it never came back. */
static int exchange(int sock, const uint8_t *packet, size_t size)
{
	uint8_t reply[LARGEST + 1];

	for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
		if (send(sock, packet, size, 0) != (ssize_t)size)
			continue;
		/* an echo that comes late is one of an earlier packet */
		for (;;) {
			ssize_t got = recv(sock, reply, sizeof(reply), 0);

			if (got < 0)
				break;
			if (got == (ssize_t)size && !memcmp(packet, reply, size))
				return attempt;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct timeval patience = { .tv_sec = 1 };
	struct sockaddr_in host = { .sin_family = AF_INET };
	unsigned int sent = 0, echoed = 0, bytes = 0;
	uint8_t packet[LARGEST];
	double start;
	int sock;

	if (argc != 3 || !inet_aton(argv[1], &host.sin_addr))
		return 2;
	host.sin_port = htons(atoi(argv[2]));
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	if (sock < 0 || connect(sock, (void *)&host, sizeof(host)) ||
	    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience))) {
		perror("FAIL udp");
		return 1;
	}

	start = seconds();
	for (uint32_t number = 0; number < PACKETS; number++) {
		size_t size = 4 + number * 7919 % (LARGEST - 3);
		int times;

		fill(packet, size, number);
		times = exchange(sock, packet, size);
		if (!times) {
			sent += ATTEMPTS;
			break;
		}
		sent += times;
		echoed++;
		bytes += size;
	}
	printf("%s udp: %u sent, %u of %u echoed and equal, %u bytes, %.2f s\n",
	       echoed == PACKETS ? "PASS" : "FAIL", sent, echoed, PACKETS, bytes,
	       seconds() - start);
	return echoed != PACKETS;
}
