// The tokens of Tenon that need to know their neighbours: line ends, soft words, pairs and item words.
//
// The rules are those of the compiler (compiler/syntax/src/repair: keywords.rs, terminators.rs, classes.rs), which sees
// all tokens. Here the parser's state, as `valid`, tells what stands before, and `peek` what follows. The scanner keeps
// no state of its own. The lists of words are in words.h.

#include "tree_sitter/parser.h"

// Words that are one token together.
struct Pair {
  const char *words[3];
  // The scanner's token, or -1 where the grammar finds the words one by one.
  int token;
  // First on a line, it continues the line before.
  bool continues;
};

#include "words.h"

// ---------- characters ----------

static bool is_space(int32_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xfeff; }
static bool is_lower(int32_t c) { return (c >= 'a' && c <= 'z') || c == '_'; }
static bool is_upper(int32_t c) { return c >= 'A' && c <= 'Z'; }
static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }
static bool is_word(int32_t c) { return is_lower(c) || is_upper(c) || is_digit(c); }

static bool same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static bool among(const char *word, const char *const *words) {
  for (; *words; words++) {
    if (same(word, *words)) return true;
  }
  return false;
}

static int index_of(const char *word, const char *const *words) {
  for (int index = 0; words[index]; index++) {
    if (same(word, words[index])) return index;
  }
  return -1;
}

// ---------- tokens ahead ----------

// Longer than every word of the language, so that what is cut off is none.
#define WORD_SIZE 24

enum Kind { AHEAD_END, AHEAD_WORD, AHEAD_UPPER, AHEAD_LITERAL, AHEAD_TEXT, AHEAD_SIGN };

struct Ahead {
  enum Kind kind;
  // A word's letters.
  char word[WORD_SIZE];
  // A sign's first two characters.
  int32_t first, second;
  // A line end stands before it.
  bool new_line;
  // White space stands behind it.
  bool space_after;
};

static void read_word(TSLexer *lexer, char *word) {
  int length = 0;
  for (; is_word(lexer->lookahead); lexer->advance(lexer, false)) {
    if (length < WORD_SIZE - 1) word[length++] = (char)lexer->lookahead;
  }
  word[length] = 0;
}

// Passes white space and comments. Gives false where a single slash stands, which is then passed.
static bool pass_blanks(TSLexer *lexer, bool *new_line) {
  for (;;) {
    if (is_space(lexer->lookahead)) {
      if (lexer->lookahead == '\n') *new_line = true;
      lexer->advance(lexer, false);
    } else if (lexer->lookahead == '/') {
      lexer->advance(lexer, false);
      if (lexer->lookahead != '/') return false;
      while (!lexer->eof(lexer) && lexer->lookahead != '\n') lexer->advance(lexer, false);
    } else {
      return true;
    }
  }
}

// Reads the next token, as far as it must be known.
static struct Ahead peek(TSLexer *lexer) {
  struct Ahead ahead = {AHEAD_END, {0}, 0, 0, false, false};
  if (!pass_blanks(lexer, &ahead.new_line)) {
    ahead.kind = AHEAD_SIGN;
    ahead.first = '/';
    ahead.second = lexer->lookahead;
    return ahead;
  }
  if (lexer->eof(lexer)) return ahead;
  int32_t first = lexer->lookahead;
  if (is_lower(first)) {
    ahead.kind = AHEAD_WORD;
    read_word(lexer, ahead.word);
  } else if (is_upper(first)) {
    ahead.kind = AHEAD_UPPER;
    read_word(lexer, ahead.word);
  } else if (is_digit(first) || first == '@') {
    ahead.kind = AHEAD_LITERAL;
    lexer->advance(lexer, false);
  } else if (first == '"') {
    ahead.kind = AHEAD_TEXT;
    lexer->advance(lexer, false);
  } else {
    ahead.kind = AHEAD_SIGN;
    ahead.first = first;
    lexer->advance(lexer, false);
    ahead.second = lexer->lookahead;
  }
  ahead.space_after = lexer->eof(lexer) || is_space(lexer->lookahead);
  return ahead;
}

static bool is_sign(const struct Ahead *ahead, int32_t sign) {
  return ahead->kind == AHEAD_SIGN && ahead->first == sign;
}

static bool is_the_word(const struct Ahead *ahead, const char *word) {
  return ahead->kind == AHEAD_WORD && same(ahead->word, word);
}

// A question mark that is a token by itself.
static bool is_question(const struct Ahead *ahead) {
  return is_sign(ahead, '?') && ahead->second != '.' && ahead->second != '?';
}

// A word that is not reserved.
static bool is_name(const struct Ahead *ahead) {
  return ahead->kind == AHEAD_WORD && !same(ahead->word, "_") && !among(ahead->word, RESERVED_WORDS);
}

static const char *const OPERAND_WORDS[] = {"none", "true", "false", "insert", "upsert", "if", "match", "not", 0};

static bool begins_operand(const struct Ahead *ahead) {
  switch (ahead->kind) {
    case AHEAD_UPPER:
    case AHEAD_LITERAL:
    case AHEAD_TEXT:
      return true;
    case AHEAD_WORD:
      return is_name(ahead) || among(ahead->word, OPERAND_WORDS);
    default:
      return false;
  }
}

// ---------- soft words ----------

static const char *const CLAUSE_WORDS[] = {"with",   "limit",   "offset", "page",  "undo", "retry",
                                           "within", "inverse", "pages",  "signed", 0};

// True if a soft word, behind which `next` stands, is a keyword. What stands before it allows it.
static bool is_soft_keyword(TSLexer *lexer, const char *word, bool space_after, const struct Ahead *next) {
  if (same(word, "over")) return is_sign(next, '(');
  if (same(word, "parallel")) return is_sign(next, '{');
  if (same(word, "fails")) return next->kind == AHEAD_UPPER;
  if (same(word, "set")) {
    if (is_sign(next, '.') && next->second == '.') return true;
    if (!is_name(next)) return false;
    struct Ahead second = peek(lexer);
    if (second.kind == AHEAD_WORD) return is_name(&second);
    if (second.kind != AHEAD_SIGN) return second.kind == AHEAD_END;
    switch (second.first) {
      case '=':
        return second.second != '=' && second.second != '>';
      case '+':
      case '-':
      case '*':
        return second.second == '=';
      case '.':
        return second.second != '.';
      default:
        return false;
    }
  }
  if (next->new_line) return false;
  if (same(word, "from") && next->kind == AHEAD_UPPER) return true;
  if (same(word, "from") || same(word, "every") || same(word, "some") || same(word, "join")) {
    if (!is_name(next)) return false;
    if (!among(next->word, SOFT_WORDS)) return true;
    struct Ahead second = peek(lexer);
    return is_the_word(&second, "in");
  }
  if (is_the_word(next, "div") || is_the_word(next, "mod")) {
    // `limit div 2`: the next word is an operator, so this one is its operand.
    struct Ahead second = peek(lexer);
    return !(begins_operand(&second) || (is_sign(&second, '(') && next->space_after));
  }
  return begins_operand(next) || (space_after && (is_sign(next, '(') || is_sign(next, '[')));
}

// ---------- line ends ----------

// True if a sign that is first on its line continues the line before.
static bool sign_continues(const struct Ahead *sign) {
  switch (sign->first) {
    case ')':
    case ']':
    case '}':
    case '{':
    case ',':
    case ';':
    case '.':
    case '=':
    case '<':
    case '>':
    case '+':
    case '*':
    case '/':
    case '|':
      return true;
    case '-':
      return is_space(sign->second) || sign->second == '>' || sign->second == '=';
    case '?':
      return sign->second == '.' || sign->second == '?';
    case '!':
      return sign->second == '=';
    default:
      return false;
  }
}

static const char *const CONTINUING_WORDS[] = {"else", "and",   "or",     "implies", "in",        "is",     "matches",
                                               "as",   "union", "except", "intersect", "satisfies", "where", "select", 0};

// ---------- pairs ----------

static bool emit(TSLexer *lexer, int type) {
  lexer->result_symbol = (TSSymbol)type;
  return true;
}

// The pair that `word` and `next` begin, or null. The lexer stands behind its last word then.
static const struct Pair *read_pair(TSLexer *lexer, const char *word, const struct Ahead *next) {
  if (next->kind != AHEAD_WORD) return 0;
  for (const struct Pair *pair = PAIRS; pair->words[0]; pair++) {
    if (!same(word, pair->words[0]) || !same(next->word, pair->words[1])) continue;
    if (pair->words[2]) {
      struct Ahead third = peek(lexer);
      if (!is_the_word(&third, pair->words[2])) return 0;
    }
    return pair;
  }
  return 0;
}

// Ends the token of a pair behind its last word. `as of:` is `as` and a name.
static bool emit_pair(TSLexer *lexer, const struct Pair *pair) {
  lexer->mark_end(lexer);
  if (pair->token == PAIR_AS_OF) {
    struct Ahead after = peek(lexer);
    if (is_sign(&after, ':')) return false;
  }
  return emit(lexer, pair->token);
}

// ---------- items ----------

// True if what follows an item word at column 0 lets it begin an item; the lexer stands behind the word.
static bool begins_item(TSLexer *lexer, const char *word) {
  int32_t next = lexer->lookahead;
  if (!(lexer->eof(lexer) || is_space(next) || next == '"' || next == '{')) return false;
  bool private_item = same(word, "private");
  while (is_space(lexer->lookahead) && (private_item || lexer->lookahead != '\n')) lexer->advance(lexer, false);
  next = lexer->lookahead;
  if (private_item) {
    char second[WORD_SIZE];
    read_word(lexer, second);
    return among(second, ITEM_WORDS);
  }
  return lexer->eof(lexer) || next == '\n' || is_word(next) || next == '"' || next == '{' || next == '@' ||
         next == '/' || next > 127;
}

// An item word that is first on its line, at column 0. First what is open is closed; where nothing can be closed, the
// word itself is the token, wanted or not, so that the parser goes on from here.
static bool scan_item(TSLexer *lexer, const char *word, bool close) {
  int item = index_of(word, ITEM_WORDS);
  if (item < 0) return false;
  if (!close) lexer->mark_end(lexer);
  return begins_item(lexer, word) && emit(lexer, close ? ITEM_AHEAD : FIRST_ITEM + item);
}

// ---------- the scanner ----------

// A line has ended where a statement can end: does the word continue it? The lexer stands behind the word.
static bool scan_line(TSLexer *lexer, const bool *valid, const char *word, bool space_after) {
  struct Ahead next = peek(lexer);
  if (is_sign(&next, ':')) return emit(lexer, LINE_END);
  const struct Pair *pair = read_pair(lexer, word, &next);
  if (pair) {
    if (!pair->continues) return emit(lexer, LINE_END);
    return pair->token >= 0 && valid[pair->token] && emit_pair(lexer, pair);
  }
  if (is_the_word(&next, "was")) return emit(lexer, LINE_END);
  bool continues;
  if (same(word, "as") || !(is_question(&next) || is_the_word(&next, "as"))) {
    if (same(word, "not")) {
      continues = is_the_word(&next, "in");
    } else if (same(word, "on")) {
      // `on POST "/hook" …` begins a line of a binding.
      continues = true;
      if (next.kind == AHEAD_UPPER) {
        struct Ahead second = peek(lexer);
        continues = second.kind != AHEAD_TEXT;
      }
    } else if (among(word, CONTINUING_WORDS)) {
      continues = true;
    } else if (same(word, "over")) {
      continues = valid[SOFT_OVER] && is_soft_keyword(lexer, word, space_after, &next);
    } else if (same(word, "join") || same(word, "set") || same(word, "fails") || among(word, CLAUSE_WORDS)) {
      continues = is_soft_keyword(lexer, word, space_after, &next);
    } else {
      continues = false;
    }
  } else {
    // `name?: T` and `name as "wire": T` are names; nothing that continues a line stands before `?` or `as`.
    continues = false;
  }
  return !continues && emit(lexer, LINE_END);
}

// A word where no line ends. The lexer stands behind it.
static bool scan_word(TSLexer *lexer, const bool *valid, const char *word, bool first_on_line, bool space_after) {
  int item = index_of(word, ITEM_WORDS);
  if (item >= 0 && valid[FIRST_ITEM + item]) {
    lexer->mark_end(lexer);
    return emit(lexer, FIRST_ITEM + item);
  }
  lexer->mark_end(lexer);
  struct Ahead next = peek(lexer);
  if (is_sign(&next, ':')) return valid[LABEL] && emit(lexer, LABEL);
  const struct Pair *pair = read_pair(lexer, word, &next);
  if (pair && pair->token >= 0 && valid[pair->token]) return emit_pair(lexer, pair);
  if (is_question(&next) || (first_on_line && is_the_word(&next, "as"))) {
    bool renamed = is_the_word(&next, "as");
    struct Ahead second = peek(lexer);
    bool name = renamed ? second.kind == AHEAD_TEXT : is_sign(&second, ':');
    return name && valid[LABEL] && emit(lexer, LABEL);
  }
  if (first_on_line && is_the_word(&next, "was")) return valid[LABEL] && emit(lexer, LABEL);
  int soft = index_of(word, PREFIX_WORDS);
  if (soft < 0 || !valid[FIRST_SOFT + soft]) return false;
  return is_soft_keyword(lexer, word, space_after, &next) && emit(lexer, FIRST_SOFT + soft);
}

static bool is_special(const char *word) {
  if (among(word, RESERVED_WORDS) || among(word, SOFT_WORDS) || among(word, CONTEXTUAL_WORDS)) return true;
  if (among(word, ITEM_WORDS)) return true;
  for (const struct Pair *pair = PAIRS; pair->words[0]; pair++) {
    if (same(word, pair->words[0])) return true;
  }
  return false;
}

static bool scan(TSLexer *lexer, const bool *valid) {
  // In this state everything is valid: the parser looks for a place to go on. Items are such places.
  bool recovering = valid[ERROR_SENTINEL];
  bool crossed = false;
  // A line end is empty and stands before the white space.
  lexer->mark_end(lexer);
  while (is_space(lexer->lookahead)) {
    if (lexer->lookahead == '\n') crossed = true;
    lexer->advance(lexer, true);
  }
  bool line_ends = valid[LINE_END] && !recovering;
  char word[WORD_SIZE];
  if (is_lower(lexer->lookahead)) {
    bool column_0 = (crossed || valid[FIRST_ITEM]) && lexer->get_column(lexer) == 0;
    read_word(lexer, word);
    bool space_after = lexer->eof(lexer) || is_space(lexer->lookahead);
    // Before a colon it is a field of that name.
    bool item = space_after || lexer->lookahead == '"' || lexer->lookahead == '{';
    if (column_0 && item && among(word, ITEM_WORDS)) return scan_item(lexer, word, valid[ITEM_AHEAD] && !recovering);
    if (recovering) return false;
    if (line_ends && crossed) {
      return is_special(word) ? scan_line(lexer, valid, word, space_after) : emit(lexer, LINE_END);
    }
    return is_special(word) && scan_word(lexer, valid, word, crossed, space_after);
  }
  if (!line_ends || lexer->eof(lexer) || !(crossed || lexer->lookahead == '/')) return false;
  // Comments may stand between; the token behind them decides.
  bool slash = !pass_blanks(lexer, &crossed);
  if (!crossed || lexer->eof(lexer)) return false;
  if (slash) return false;
  if (is_lower(lexer->lookahead)) {
    bool column_0 = lexer->get_column(lexer) == 0;
    read_word(lexer, word);
    bool space_after = lexer->eof(lexer) || is_space(lexer->lookahead);
    if (column_0 && among(word, ITEM_WORDS) && begins_item(lexer, word)) return false;
    if (!is_special(word)) return emit(lexer, LINE_END);
    // A pair that continues the line is found again behind the comments.
    bool none[ERROR_SENTINEL + 1] = {false};
    none[SOFT_OVER] = valid[SOFT_OVER];
    return scan_line(lexer, none, word, space_after);
  }
  struct Ahead next = peek(lexer);
  if (next.kind == AHEAD_END) return false;
  return !(next.kind == AHEAD_SIGN && sign_continues(&next)) && emit(lexer, LINE_END);
}

void *tree_sitter_tenon_external_scanner_create(void) { return NULL; }
void tree_sitter_tenon_external_scanner_destroy(void *payload) { (void)payload; }
void tree_sitter_tenon_external_scanner_reset(void *payload) { (void)payload; }
unsigned tree_sitter_tenon_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}
void tree_sitter_tenon_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}
bool tree_sitter_tenon_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid_symbols) {
  (void)payload;
  return scan(lexer, valid_symbols);
}
