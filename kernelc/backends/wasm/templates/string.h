/* What the prelude takes from the C library, and what compilers call of their own accord. */
#ifndef KERNELC_STRING_H
#define KERNELC_STRING_H

void *memcpy(void *restrict to, const void *restrict from, __SIZE_TYPE__ bytes) {
  unsigned char *t = to;
  const unsigned char *f = from;
  for (__SIZE_TYPE__ i = 0; i < bytes; i++) t[i] = f[i];
  return to;
}

void *memset(void *to, int value, __SIZE_TYPE__ bytes) {
  unsigned char *t = to;
  for (__SIZE_TYPE__ i = 0; i < bytes; i++) t[i] = (unsigned char)value;
  return to;
}
#endif
