/* Resume tickets (contract sections 2 and 4). */
#include <duel/io/ticket.h>
#include <test.h>

static const uint8_t secret[AUTH_SECRET_SIZE] = { 1, 2, 3 };
static const struct uuid match = { { 7, 7, 7 } };

TEST(a_ticket_is_good_for_its_seat)
{
    struct ticket_key *key = ticket_key_create(secret);
    for (uint8_t slot = 0; slot < 2; slot++) {
        char ticket[AUTH_TICKET_SIZE + 1];
        ticket_make(key, &match, slot, ticket);
        CHECK_INT(strlen(ticket), AUTH_TICKET_SIZE);
        CHECK_INT(ticket_check(key, &match, text_from(ticket)), slot);
    }
    ticket_key_destroy(key);
}

TEST(a_ticket_is_the_same_on_every_node)
{
    /* Computed with Python's hmac and hashlib. */
    uint8_t words[AUTH_SECRET_SIZE];
    char ticket[AUTH_TICKET_SIZE + 1];
    ticket_secret_from(TEXT("a secret of the operator"), words);
    struct ticket_key *key = ticket_key_create(words);
    struct uuid id;
    CHECK(uuid_parse(TEXT("0190d6f2-7c3a-7b4e-9f10-2a3b4c5d6e7f"), &id));
    ticket_make(key, &id, 1, ticket);
    CHECK_TEXT(text_from(ticket), "87iHPjfUMrWE5e6RCUHz-iL5cRvIpZmksHvCXCYJ7O0");
    ticket_key_destroy(key);
}

TEST(any_other_ticket_is_refused)
{
    struct ticket_key *key = ticket_key_create(secret);
    char ticket[AUTH_TICKET_SIZE + 1];
    ticket_make(key, &match, 1, ticket);
    for (int i = 0; i < AUTH_TICKET_SIZE; i++) {
        char kept = ticket[i];
        ticket[i] = kept == 'A' ? 'B' : 'A';
        CHECK_INT(ticket_check(key, &match, text_from(ticket)), -1);
        ticket[i] = kept;
    }
    CHECK_INT(ticket_check(key, &match, (struct text){ ticket, 42 }), -1);
    CHECK_INT(ticket_check(key, &match, TEXT_NONE), -1);
    const struct uuid other = { { 7, 7, 8 } };
    CHECK_INT(ticket_check(key, &other, text_from(ticket)), -1);
    const uint8_t other_secret[AUTH_SECRET_SIZE] = { 1, 2, 4 };
    struct ticket_key *other_key = ticket_key_create(other_secret);
    CHECK_INT(ticket_check(other_key, &match, text_from(ticket)), -1);
    CHECK_INT(ticket_check(key, &match, text_from(ticket)), 1);
    ticket_key_destroy(other_key);
    ticket_key_destroy(key);
}

TEST_MAIN
