/* Squares a number with GMP: reads "TIMES NUMBER", and prints the seconds of one square from text to text, the seconds of
   the multiplication alone, and the square. Compiled and run by the bench beside it. */

#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(void)
{
    size_t room = 1 << 24;
    char *line = malloc(room);
    if (!line || !fgets(line, (int)room, stdin)) return 1;
    char *number;
    long times = strtol(line, &number, 10);
    number++;
    number[strcspn(number, "\n")] = 0;

    char *square = NULL;
    mpz_t value, product;
    mpz_init(value);
    mpz_init(product);
    double begin = now();
    for (long i = 0; i < times; i++) {
        free(square);
        mpz_set_str(value, number, 10);
        mpz_mul(product, value, value);
        square = mpz_get_str(NULL, 10, product);
    }
    double text_to_text = (now() - begin) / (double)times;
    begin = now();
    for (long i = 0; i < times; i++) mpz_mul(product, value, value);
    double multiplied = (now() - begin) / (double)times;
    printf("%.12f %.12f %s\n", text_to_text, multiplied, square);
    return 0;
}
