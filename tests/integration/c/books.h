/* Whether the books of finished duels add up, by the queries that other tests ask too
 * (tests/integration/books*.sql); what is wrong is printed. Needs an open database.h. */
#ifndef DUEL_TESTS_BOOKS_H
#define DUEL_TESTS_BOOKS_H

#include "database.h"

static inline bool books_have_nothing(const char *path)
{
    PGresult *wrong = PQexec(database_admin, database_read(path));
    bool asked = PQresultStatus(wrong) == PGRES_TUPLES_OK;
    if (!asked) {
        printf("  %s: %s", path, PQerrorMessage(database_admin));
    }
    int rows = PQntuples(wrong);
    for (int i = 0; i < rows && i < 10; i++) {
        printf("  %s\n", PQgetvalue(wrong, i, 0));
    }
    PQclear(wrong);
    return asked && rows == 0;
}

static inline bool books_are_right(void)
{
    return books_have_nothing("tests/integration/books.sql");
}

/* Only where no rating change was replaced. */
static inline bool books_are_in_order(void)
{
    return books_have_nothing("tests/integration/books_order.sql");
}

#endif
