package dev.hone.train.encode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.chat.ChatTemplates;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which tokens are learnt: by place, never by id, and counted after truncation. */
class LanguageEncoderTest {
  @TempDir
  Path directory;

  private LanguageEncoder encoder;

  @BeforeEach
  void prepare() throws IOException {
    TinyLanguageModel.writeTokenizer(directory);
    encoder = encoder(64, false);
  }

  private LanguageEncoder encoder(int maxLength, boolean withPrompts) throws IOException {
    return new LanguageEncoder(Tokenizer.load(directory), ChatTemplates.read(directory), TinyLanguageModel.END,
        TinyLanguageModel.VOCABULARY, maxLength, withPrompts);
  }

  private static Dataset<Example.Language> rows(Example.Language... rows) {
    return Dataset.of("rows", List.of(rows));
  }

  /** The text of the tokens that are learnt, the first of a row left out. */
  private String learnt(LanguageEncoder.Encoded encoded, int row) {
    boolean[] learnt = encoded.set().target(row, Target.LearntTokens.class).learnt();
    int[] tokens = encoded.set().tokens().get(row);
    return encoder.tokenizer().decode(IntStream.range(1, tokens.length).filter(i -> learnt[i]).map(i -> tokens[i]).toArray(),
        false);
  }

  private String all(LanguageEncoder.Encoded encoded, int row) {
    return encoder.tokenizer().decode(encoded.set().tokens().get(row), false);
  }

  @Test
  void ofACompletionTheCompletionAndTheEndAreLearnt() throws IOException {
    Dataset<Example.Language> data = rows(new Example.Completion("Q? ", "yes"));
    LanguageEncoder.Encoded encoded = encoder.encode(data);
    assertEquals("<s>Q? yes</s>", all(encoded, 0));
    assertEquals("yes</s>", learnt(encoded, 0));
    assertEquals(4, encoded.learnt());
    assertEquals("Q? yes</s>", learnt(encoder(64, true).encode(data), 0));
  }

  @Test
  void aTextIsLearntAsAWhole() {
    LanguageEncoder.Encoded encoded = encoder.encode(rows(new Example.Text("abc")));
    assertEquals("abc</s>", learnt(encoded, 0));
    assertEquals(0, encoded.cut());
  }

  @Test
  void dataWithoutRowsIsCalledThat() {
    assertEquals("rows: has no rows", assertThrows(DataException.class, () -> encoder.encode(rows())).getMessage());
  }

  private static Example.Chat weighed() {
    return new Example.Chat(List.of(Map.of("role", "user", "content", "x"),
        Map.of("role", "assistant", "content", "y", "weight", 0),
        Map.of("role", "user", "content", "z"), Map.of("role", "assistant", "content", "w", "weight", 1)), null);
  }

  @Test
  void anAnswerWithoutWeightIsContextAndNotLearnt() throws IOException {
    LanguageEncoder.Encoded encoded = encoder.encode(rows(weighed()));
    assertEquals("<s>[user]x</s>[assistant]y</s>[user]z</s>[assistant]w</s>", all(encoded, 0));
    assertEquals("w</s>", learnt(encoded, 0));
    assertEquals("[user]x</s>[assistant][user]z</s>[assistant]w</s>", learnt(encoder(64, true).encode(rows(weighed())), 0));
    String marking = "{% for m in messages %}[{{ m.role }}]{% if m.role == 'assistant' %}{% generation %}{{ m.content }}"
        + "{% endgeneration %}{% else %}{{ m.content }}{% endif %}{% endfor %}";
    assertEquals("w", learnt(withTemplate(marking).encode(rows(weighed())), 0));
  }

  @Test
  void weightsThatCannotBeMetAreRefused() {
    Example.Chat half = new Example.Chat(List.of(Map.of("role", "assistant", "content", "y", "weight", 0.5)), null);
    assertEquals("rows line 1: message 1 has the weight 0.5; a message is learnt (1) or given as context (0)",
        assertThrows(DataException.class, () -> encoder.encode(rows(half))).getMessage());
    Example.Chat given = new Example.Chat(List.of(Map.of("role", "user", "content", "y", "weight", 0),
        Map.of("role", "assistant", "content", "w")), null);
    assertEquals("w</s>", learnt(encoder.encode(rows(given)), 0));
    assertTrue(assertThrows(DataException.class, () -> encoder(64, true).encode(rows(given))).getMessage()
        .startsWith("rows line 1: message 1 (user) has weight 0, and train_on_prompt learns"));
    Example.Chat none = new Example.Chat(List.of(Map.of("role", "assistant", "content", "y", "weight", 0)), null);
    assertEquals("rows line 1: 1 of 1 rows have nothing to learn (the first: every assistant message has weight 0); what is "
        + "learnt is said by the role 'assistant', with weight 1 if any; more than 5 % is taken for a fault",
        assertThrows(DataException.class, () -> encoder.encode(rows(none))).getMessage());
  }

  @Test
  void rolesThatNobodyLearnsAreNamed() {
    Example.Chat capitals = new Example.Chat(List.of(Map.of("role", "User", "content", "y"),
        Map.of("role", "Assistant", "content", "w")), null);
    assertTrue(assertThrows(DataException.class, () -> encoder.encode(rows(capitals))).getMessage()
        .contains("(the first: no assistant message; roles seen: Assistant, User)"));
  }

  @Test
  void partsOfAContentAreGivenToTemplatesThatKnowThemAndAsTextToOthers() throws IOException {
    Map<String, Object> said = Map.of("role", "user", "content", List.of(Map.of("type", "text", "text", "a"),
        Map.of("type", "text", "text", "b")));
    Dataset<Example.Language> data = rows(new Example.Chat(List.of(said, Map.of("role", "assistant", "content",
        List.of(Map.of("type", "text", "text", "ho")))), null));
    assertEquals("<s>[user]a\nb</s>[assistant]ho</s>", all(encoder.encode(data), 0));
    assertEquals("ho</s>", learnt(encoder.encode(data), 0));
    String knowing = "{% for m in messages %}[{{ m.role }}]{% for part in m.content %}({{ part.text }}){% endfor %};{% endfor %}"
        + "{% if add_generation_prompt %}[assistant]{% endif %}";
    assertEquals("[user](a)(b);[assistant](ho);", all(withTemplate(knowing).encode(data), 0));
    Example.Chat picture = new Example.Chat(List.of(Map.of("role", "user", "content", List.of(Map.of("type", "image")))), null);
    assertTrue(assertThrows(DataException.class, () -> encoder.encode(rows(picture))).getMessage()
        .startsWith("rows line 1: a content holds a part that is no text, {type=image}"));
  }

  private LanguageEncoder withTemplate(String source) throws IOException {
    return new LanguageEncoder(Tokenizer.load(directory), new ChatTemplates(Map.of("default", source), Map.of()),
        TinyLanguageModel.END, TinyLanguageModel.VOCABULARY, 64, false);
  }

  @Test
  void ofAConversationTheAssistantsWordsAreLearntWithTheirEnd() {
    List<Map<String, Object>> messages = List.of(Map.of("role", "user", "content", "hi"),
        Map.of("role", "assistant", "content", "ho"), Map.of("role", "user", "content", "and"),
        Map.of("role", "assistant", "content", "so"));
    LanguageEncoder.Encoded encoded = encoder.encode(rows(new Example.Chat(messages, List.of(Map.of("name", "add")))));
    assertEquals("<s>Tadd;[user]hi</s>[assistant]ho</s>[user]and</s>[assistant]so</s>", all(encoded, 0));
    assertEquals("ho</s>so</s>", learnt(encoded, 0));
    assertEquals(TinyLanguageModel.END, encoded.set().tokens().getFirst()[encoded.set().tokens().getFirst().length - 1]);
  }

  @Test
  void anEndTokenInThePromptIsNotLearntAndThatAtTheEndIs() {
    LanguageEncoder.Encoded encoded = encoder.encode(rows(new Example.Completion("a</s>b", "c")));
    boolean[] learnt = encoded.set().target(0, Target.LearntTokens.class).learnt();
    int[] tokens = encoded.set().tokens().getFirst();
    assertEquals(TinyLanguageModel.END, tokens[2]);
    assertFalse(learnt[2]);
    assertEquals(TinyLanguageModel.END, tokens[tokens.length - 1]);
    assertTrue(learnt[learnt.length - 1]);
  }

  @Test
  void aTokenAcrossThePromptsEndIsLearntAndCounted() {
    LanguageEncoder.Encoded encoded = encoder.encode(rows(new Example.Completion("Q:", " yes"))); // ": " is one token
    assertEquals(": yes</s>", learnt(encoded, 0));
    assertEquals(1, encoded.joined());
    assertTrue(encoded.description().contains("1 with a token across the prompt's end"), encoded.description());
  }

  @Test
  void rowsThatLoseAllTheyTeachAreDroppedCountedAndBeyondFivePercentRefused() {
    List<Example.Language> rows = new ArrayList<>();
    for (int i = 0; i < 39; i++) {
      rows.add(new Example.Completion("short ", "answer"));
    }
    rows.add(new Example.Completion("long ".repeat(20), "lost"));
    LanguageEncoder.Encoded encoded = encoder.encode(Dataset.of("rows", rows));
    assertEquals(39, encoded.set().size());
    assertEquals(1, encoded.dropped());
    assertEquals(1, encoded.cut());
    assertTrue(encoded.description().contains("1 dropped"), encoded.description());
    rows.addAll(List.of(rows.getLast(), rows.getLast()));
    DataException e = assertThrows(DataException.class, () -> encoder.encode(Dataset.of("rows", rows)));
    assertTrue(e.getMessage().startsWith("rows line 40: 3 of 42 rows have nothing to learn in their first 64 tokens"),
        e.getMessage());
  }

  @Test
  void rowsThatCostTheTemplateTooMuchAreDroppedCountedAndBeyondFivePercentRefused() throws IOException {
    LanguageEncoder costly = withTemplate("{% for m in messages %}{% if 'bomb' in m.content %}{{ 'x' * 10 ** 9 }}{% endif %}"
        + "{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}");
    List<Example.Language> rows = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      rows.add(new Example.Chat(List.of(Map.of("role", "assistant", "content", i == 7 ? "a bomb" : "an answer")), null));
    }
    LanguageEncoder.Encoded encoded = costly.encode(Dataset.of("rows", rows));
    assertEquals(39, encoded.set().size());
    assertEquals(1, encoded.refused());
    assertEquals(0, encoded.dropped());
    assertTrue(encoded.description().contains("1 dropped, they cost the chat template more than a rendering may"),
        encoded.description());
    rows.addAll(List.of(rows.get(7), rows.get(7)));
    DataException e = assertThrows(DataException.class, () -> costly.encode(Dataset.of("rows", rows)));
    assertTrue(e.getMessage().startsWith("rows line 8: 3 of 42 rows cost the chat template more than a rendering may, more than "
        + "5 % is taken for a fault; the first: chat template, line 1 `{% for m in messages %}"), e.getMessage());
    assertTrue(e.getMessage().endsWith(": a text of 1000000000 characters; the sandbox allows 8388608"), e.getMessage());
  }

  @Test
  void aConversationWithoutAnAssistantTeachesNothing() {
    DataException e = assertThrows(DataException.class, () -> encoder.encode(rows(
        new Example.Chat(List.of(Map.of("role", "user", "content", "hi")), null))));
    assertTrue(e.getMessage().contains("1 of 1 rows have nothing to learn"), e.getMessage());
  }

  private static Example.Chat answered(Object content, Map<String, Object> more) {
    Map<String, Object> answer = new HashMap<>(more);
    answer.put("role", "assistant");
    answer.put("content", content);
    return new Example.Chat(List.of(Map.of("role", "user", "content", "hi"), answer), null);
  }

  @Test
  void anEmptyAnswerIsNothingToLearnAndNotAnEnd() {
    List<Example.Language> rows = new ArrayList<>();
    for (Object empty : Arrays.asList("", " \n", null, List.of(), List.of(Map.of("type", "text", "text", "")))) {
      Example.Chat chat = answered(empty, Map.of("tool_calls", List.of()));
      assertEquals("the assistant's answer is empty", chat.lacksAnswer());
      rows.add(chat);
    }
    assertEquals("", answered(null, Map.of("tool_calls", List.of(Map.of("name", "f")))).lacksAnswer());
    assertEquals("", answered("", Map.of("reasoning_content", "hm")).lacksAnswer());
    assertEquals("", answered(List.of(Map.of("type", "text", "text", "yes")), Map.of()).lacksAnswer());
    DataException e = assertThrows(DataException.class, () -> encoder.encode(rows(rows.getFirst())));
    assertTrue(e.getMessage().contains("1 of 1 rows have nothing to learn (the first: the assistant's answer is empty)"),
        e.getMessage());
    List<Example.Language> few = new ArrayList<>(Collections.nCopies(39, answered("yes", Map.of())));
    few.add(5, answered("", Map.of()));
    LanguageEncoder.Encoded encoded = encoder.encode(Dataset.of("rows", few));
    assertEquals(1, encoded.dropped());
    assertEquals(39, encoded.set().size());
    assertEquals(6, encoded.source()[5]);
  }

  @Test
  void aDocumentIsCutIntoBlocksAndWithAStrideEveryTokenCountsOnce() throws IOException {
    Dataset<Example.Language> book = rows(new Example.Document("0123456789".repeat(10)));
    LanguageEncoder eight = encoder(8, false);
    LanguageEncoder.Encoded blocks = eight.encode(book);
    assertEquals(13, blocks.set().size()); // 12 of 8 and one of 4
    assertEquals(100 - 13, blocks.learnt());
    LanguageEncoder.Encoded windows = eight.encode(book, 3);
    assertEquals(99, windows.learnt());
    assertEquals("0123456789".repeat(10).substring(1), IntStream.range(0, windows.set().size()).mapToObj(i -> learnt(windows, i))
        .reduce("", String::concat));
  }

  @Test
  void aTokenThatTheModelDoesNotHaveIsNamed() throws IOException {
    LanguageEncoder small = new LanguageEncoder(Tokenizer.load(directory), ChatTemplates.read(directory), 1, 100, 64, false);
    DataException e = assertThrows(DataException.class, () -> small.encode(rows(new Example.Text("a"), new Example.Text("~"))));
    assertEquals("rows line 2: token '~' has id 128, the model's vocabulary has 100 ids: tokenizer and model do not belong "
        + "together", e.getMessage());
  }
}
