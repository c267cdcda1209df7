/* Signatures against values that Amazon published.
 *
 * SUITE: github.com/awslabs/aws-c-auth, tests/aws-signing-test-suite/v4/<name>/
 * header-signed-request.txt, the cases without query and without normalising of paths, which S3
 * does not do. S3: Amazon S3 API Reference, "Signature Calculations for the Authorization Header:
 * Transferring Payload in a Single Chunk", example "GET Object". */
#include <duel/io/sigv4.h>
#include <string.h>
#include <test.h>

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static char authorization[SIGV4_AUTHORIZATION_SIZE_MAX];

static struct text encode(struct text path)
{
    static char memory[4096];
    struct text_buffer buffer;
    text_buffer_init(&buffer, memory, sizeof(memory));
    sigv4_append_path(&buffer, path);
    CHECK(!buffer.full);
    return text_of(&buffer);
}

static void check_suite(const char *path, const char *signature)
{
    static const struct sigv4_keys keys = { "AKIDEXAMPLE", SECRET, "us-east-1", "service" };
    static const struct sigv4_header headers[] = { { "host", "example.amazonaws.com" },
                                                   { "x-amz-date", "20150830T123600Z" } };
    char wanted[SIGV4_AUTHORIZATION_SIZE_MAX];
    snprintf(wanted, sizeof(wanted),
             "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
             "SignedHeaders=host;x-amz-date, Signature=%s", signature);
    CHECK(sigv4_authorize(&keys, "20150830T123600Z", encode(text_from(path)), headers, 2,
                          authorization));
    CHECK_TEXT(text_from(authorization), wanted);
}

TEST(the_suite_of_amazon)
{
    /* get-vanilla */
    check_suite("/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    /* get-utf8 */
    check_suite("/\xe1\x88\xb4",
                "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
    /* get-space-normalized, whose normal form is the same */
    check_suite("/example space/",
                "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741");
    /* get-unreserved */
    check_suite("/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f");
    /* get-slash-dot-slash-unnormalized */
    check_suite("/./", "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145");
    /* get-slashes-unnormalized */
    check_suite("//example//",
                "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5");
}

TEST(the_example_of_s3)
{
    static const struct sigv4_keys keys = { "AKIAIOSFODNN7EXAMPLE",
                                            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                            "us-east-1", "s3" };
    static const struct sigv4_header headers[] = { { "host", "examplebucket.s3.amazonaws.com" },
                                                   { "range", "bytes=0-9" },
                                                   { "x-amz-content-sha256", SIGV4_NO_BODY },
                                                   { "x-amz-date", "20130524T000000Z" } };
    char date[SIGV4_DATE_SIZE + 1];
    sigv4_date(1369353600, date);
    CHECK_TEXT(text_from(date), "20130524T000000Z");
    CHECK(sigv4_authorize(&keys, date, TEXT("/test.txt"), headers, 4, authorization));
    CHECK_TEXT(text_from(authorization),
               "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
               ", SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature="
               "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(paths_are_encoded_once)
{
    CHECK_TEXT(encode(TEXT("frames/a b+c~\xc3\xa9(1).webp")),
               "frames/a%20b%2Bc~%C3%A9%281%29.webp");
    CHECK_TEXT(encode(TEXT("a%20b=c&d?e#f*g")), "a%2520b%3Dc%26d%3Fe%23f%2Ag");
    CHECK_TEXT(encode(TEXT("a//./../b/")), "a//./../b/");
    CHECK_TEXT(encode(TEXT("\x01\x7f\xff")), "%01%7F%FF");
    CHECK_TEXT(encode(TEXT("")), "");
}

TEST(what_does_not_fit_is_not_signed)
{
    char path[9000], name[1100];
    memset(path, 'a', sizeof(path));
    memset(name, 'b', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    struct sigv4_keys keys = { "id", SECRET, "auto", "s3" };
    const struct sigv4_header host = { "host", "h" };
    authorization[0] = 'x';
    CHECK(!sigv4_authorize(&keys, "20150830T123600Z", (struct text){ path, sizeof(path) }, &host, 1,
                           authorization));
    CHECK(sigv4_authorize(&keys, "20150830T123600Z", (struct text){ path, 6000 }, &host, 1,
                          authorization));
    keys.access = name;
    CHECK(!sigv4_authorize(&keys, "20150830T123600Z", TEXT("/"), &host, 1, authorization));
    keys.access = "id";
    keys.secret = name;
    CHECK(!sigv4_authorize(&keys, "20150830T123600Z", TEXT("/"), &host, 1, authorization));
    keys.secret = SECRET;
    keys.region = name;
    CHECK(!sigv4_authorize(&keys, "20150830T123600Z", TEXT("/"), &host, 1, authorization));
}

TEST(dates)
{
    static const struct {
        uint64_t at;
        const char *date;
    } dates[] = { { 0, "19700101T000000Z" },
                  { 1440938160, "20150830T123600Z" },
                  { 1709164800, "20240229T000000Z" },
                  { 4102444799, "20991231T235959Z" } };
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        char date[SIGV4_DATE_SIZE + 1];
        sigv4_date(dates[i].at, date);
        CHECK_TEXT(text_from(date), dates[i].date);
    }
}

TEST_MAIN
