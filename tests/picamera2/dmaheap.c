/* LD_PRELOAD shim: lets libcamera's virtual camera and picamera2 run where there is neither /dev/dma_heap nor /dev/udmabuf.
 * An "open" of a DMA heap and every buffer allocated from it become memfds, which can be mapped just the same.
 * Build: gcc -shared -fPIC -O2 -o dmaheap.so dmaheap.c -ldl */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAP_DIRECTORY "/dev/dma_heap/"
#define MEMFD_NAME "stand-in-dma"

static int open_or_stand_in(const char *symbol, const char *path, int flags, mode_t mode)
{
	int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, symbol);

	if (!strncmp(path, HEAP_DIRECTORY, strlen(HEAP_DIRECTORY)))
		return memfd_create(MEMFD_NAME "-heap", MFD_CLOEXEC);
	return real(path, flags, mode);
}

#define STAND_IN_FOR(symbol)                                        \
	int symbol(const char *path, int flags, ...)                \
	{                                                           \
		mode_t mode = 0;                                    \
		if (flags & (O_CREAT | O_TMPFILE)) {                \
			va_list rest;                               \
			va_start(rest, flags);                      \
			mode = va_arg(rest, mode_t);                \
			va_end(rest);                               \
		}                                                   \
		return open_or_stand_in(#symbol, path, flags, mode); \
	}
STAND_IN_FOR(open)
STAND_IN_FOR(open64)

static int is_stand_in(int fd)
{
	char link[64], target[64] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return readlink(link, target, sizeof(target) - 1) > 0 && strstr(target, MEMFD_NAME);
}

int ioctl(int fd, unsigned long request, ...)
{
	static int (*real)(int, unsigned long, ...);
	va_list rest;
	va_start(rest, request);
	void *argument = va_arg(rest, void *);
	va_end(rest);

	if (!real)
		real = dlsym(RTLD_NEXT, "ioctl");
	if (request == DMA_HEAP_IOCTL_ALLOC && is_stand_in(fd)) {
		struct dma_heap_allocation_data *wanted = argument;
		int buffer = memfd_create(MEMFD_NAME "-buffer", MFD_CLOEXEC);
		if (buffer < 0 || ftruncate(buffer, (wanted->len + 4095) & ~4095ULL))
			return -1;
		wanted->fd = buffer;
		return 0;
	}
	/* memory of our own needs no cache synchronisation, and a name changes nothing */
	if (_IOC_TYPE(request) == 'b' && is_stand_in(fd))
		return 0;
	return real(fd, request, argument);
}

/* C++'s operator new, zeroed: libcamera's virtual pipeline leaves a frame's status unset, and picamera2 drops every frame
 * whose status is not 0 (success). */
void *_Znwm(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		abort();
	return memory;
}
