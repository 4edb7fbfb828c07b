package dev.hone.train.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.nn.generate.GenerationSettings;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.infer.TextGenerator;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Chats and completions: what they say is what the library says, and every parameter counts or is refused by its name. */
class TextRoutesTest {
  private static final String CHAT = "{'model': 'tiny', 'messages': [{'role': 'user', 'content': 'Hello'}], 'max_tokens': 12";

  @TempDir
  static Path directory;
  private static TextGenerator generator;
  private static ModelServer server;
  private static Asking client;

  @BeforeAll
  static void start() throws Exception {
    generator = TextGenerator.load(TinyLanguageModel.write(directory.resolve("tiny")), null);
    server = ModelServer.open(ServerSettings.onPort(0));
    server.add("tiny", generator);
    server.ready();
    client = new Asking(server);
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
  }

  private static Asking.Answer chat(String more) throws Exception {
    return client.post("/v1/chat/completions", CHAT + more + "}");
  }

  /** What the library writes for the prompt of a completion. */
  private static String written(String prompt, int tokens) {
    return generator.generate(prompt, GenerationSettings.GREEDY.withMaxNewTokens(tokens).withEndTokens(generator.settings()
        .endTokens()));
  }

  @Test
  void aCompletionIsWhatTheLibraryWrites() throws Exception {
    Asking.Answer answer = client.post("/v1/completions", "{'model': 'tiny', 'prompt': 'Hello', 'temperature': 0, "
        + "'max_tokens': 20}");
    assertEquals(200, answer.status());
    assertEquals(written("Hello", 20), answer.choice(0).path("text").asString());
    assertEquals("text_completion", answer.json().path("object").asString());
    JsonNode usage = answer.json().path("usage");
    assertEquals(6, usage.path("prompt_tokens").asInt()); // <s> and five bytes
    assertEquals(usage.path("prompt_tokens").asInt() + usage.path("completion_tokens").asInt(), usage.path("total_tokens")
    .asInt());
  }

  @Test
  void aStreamIsTheSameTextInPiecesAndEndsWithItsUsage() throws Exception {
    String whole = chat(", 'temperature': 1, 'seed': 3, 'ignore_eos': true").text();
    assertTrue(whole.length() > 4, whole);
    List<JsonNode> events = client.stream("/v1/chat/completions", CHAT
        + ", 'temperature': 1, 'seed': 3, 'ignore_eos': true, 'stream': true, 'stream_options': {'include_usage': true}}");
    StringBuilder text = new StringBuilder();
    for (JsonNode event : events) {
      text.append(event.path("choices").path(0).path("delta").path("content").asString(""));
    }
    assertEquals(whole, text.toString());
    assertEquals("assistant", events.getFirst().path("choices").path(0).path("delta").path("role").asString());
    assertTrue(events.getLast().path("choices").isEmpty());
    assertTrue(events.getLast().path("usage").path("completion_tokens").asInt() > 0);
    JsonNode last = events.get(events.size() - 2).path("choices").path(0);
    assertTrue(List.of("stop", "length").contains(last.path("finish_reason").asString()), last.toString());
    assertTrue(events.getFirst().path("choices").path(0).path("finish_reason").isNull());
  }

  @Test
  void theSameSeedGivesTheSameAndTheChoicesOfOneRequestDiffer() throws Exception {
    String options = ", 'temperature': 1, 'seed': 5, 'n': 3";
    Asking.Answer first = chat(options);
    Asking.Answer second = chat(options);
    for (int i = 0; i < 3; i++) {
      assertEquals(i, first.choice(i).path("index").asInt());
      assertEquals(first.choice(i).path("message"), second.choice(i).path("message"));
    }
    assertNotEquals(first.choice(0).path("message"), first.choice(1).path("message"));
    assertNotEquals(first.text(), chat(", 'temperature': 1, 'seed': 6").text());
    assertEquals(first.text(), chat(", 'temperature': 1, 'seed': 5").text());
  }

  @Test
  void aStopStringEndsTheTextBeforeIt() throws Exception {
    ObjectNode request = HttpCall.object().put("model", "tiny").put("prompt", "Hello").put("temperature", 1).put("seed", 5)
        .put("max_tokens", 40).put("ignore_eos", true);
    String whole = client.postRaw("/v1/completions", Asking.JSON.writeValueAsString(request)).choice(0).path("text").asString();
    assertTrue(whole.length() > 12, whole);
    for (int at : new int[] {3, 6, whole.length() - 4}) {
      String stop = whole.substring(at, at + 3);
      request.put("stop", stop);
      Asking.Answer answer = client.postRaw("/v1/completions", Asking.JSON.writeValueAsString(request));
      assertEquals(whole.substring(0, whole.indexOf(stop)), answer.choice(0).path("text").asString());
      assertEquals("stop", answer.choice(0).path("finish_reason").asString());
    }
  }

  @Test
  void logProbabilitiesAreThoseOfTheTokensAndSumToTheirText() throws Exception {
    Asking.Answer answer = chat(", 'temperature': 1, 'top_k': 1, 'logprobs': true, 'top_logprobs': 3");
    StringBuilder text = new StringBuilder();
    for (JsonNode token : answer.choice(0).path("logprobs").path("content")) {
      text.append(token.path("token").asString());
      assertEquals(3, token.path("top_logprobs").size());
      assertEquals(token.path("logprob").asDouble(), token.path("top_logprobs").path(0).path("logprob").asDouble());
      assertTrue(token.path("logprob").asDouble() <= 0);
      assertFalse(token.path("bytes").isEmpty());
    }
    assertEquals(answer.text().replaceAll("\uFFFD+", ""), text.toString().replaceAll("\uFFFD+", ""));
  }

  @Test
  void aBiasAndStopTokensAndPenaltiesCount() throws Exception {
    Asking.Answer always = chat(", 'temperature': 0, 'logit_bias': {'67': 100}");
    assertEquals("b".repeat(12).length(), always.json().path("usage").path("completion_tokens").asInt());
    assertEquals(1, always.text().chars().distinct().count());
    Asking.Answer punished = chat(", 'temperature': 0, 'frequency_penalty': 2, 'presence_penalty': 2, 'logit_bias': {'67': "
        + "10, '68': 9.5}");
    assertTrue(punished.text().chars().distinct().count() > 1, punished.text());
    Asking.Answer stopped = chat(", 'temperature': 0, 'logit_bias': {'67': 100}, 'stop_token_ids': [67]");
    assertEquals("", stopped.text());
    assertEquals("stop", stopped.choice(0).path("finish_reason").asString());
    Asking.Answer ended = chat(", 'temperature': 0, 'logit_bias': {'1': 100}");
    assertEquals("stop", ended.choice(0).path("finish_reason").asString());
    Asking.Answer going = chat(", 'temperature': 0, 'logit_bias': {'1': 100}, 'ignore_eos': true");
    assertEquals("length", going.choice(0).path("finish_reason").asString());
    assertTrue(chat(", 'temperature': 0, 'logit_bias': {'1': 100}, 'min_tokens': 5").json().path("usage")
        .path("completion_tokens").asInt() >= 5);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiter = ';', value = {
      "'temperature': -1; temperature; 400", "'temperature': 'hot'; temperature; 400", "'top_p': 0; top_p; 400", "'n': 0; n; 400",
      "'n': 99; n; 400", "'max_tokens': 0; max_tokens; 400", "'max_tokens': 3, 'max_completion_tokens': 4; max_tokens; 400",
      "'stop': ['a','b','c','d','e']; stop; 400", "'stop': ''; stop; 400", "'logit_bias': {'99999': 1}; logit_bias; 400",
      "'logit_bias': {'5': 101}; logit_bias; 400", "'stop_token_ids': [-1]; stop_token_ids; 400",
      "'top_logprobs': 2; top_logprobs; 400",
      "'response_format': {'type': 'json_object'}; response_format; 400", "'tool_choice': 'required'; tool_choice; 400",
      "'functions': []; functions; 400", "'function_call': 'auto'; function_call; 400",
      "'reasoning_effort': 'low'; reasoning_effort; 400",
      "'stream_options': {'include_usage': true}; stream_options; 400", "'seed': 1.5; seed; 400", "'stream': 1; stream; 400",
      "'messages': [{'role': 'wizard', 'content': 'x'}]; messages; 400", "'messages': []; messages; 400",
      "'continue_final_message': true, 'add_generation_prompt': true; continue_final_message; 400",
      "'temperature': BIG; temperature; 400", "'logit_bias': {'5': BIG}; logit_bias; 400", "'min_p': BIG; min_p; 400",
      "'stream': true, 'stream_options': {'include_usage': 'yes'}; include_usage; 400",
      "'model': 'other'; model; 404"})
  void whatCannotBeHonouredIsRefusedByItsName(String field, String param, int status) throws Exception {
    Asking.Answer answer = client.post("/v1/chat/completions",
        "{'model': 'tiny', 'messages': [{'role': 'user', 'content': 'Hello'}], "
        + field.replace("BIG", "9".repeat(400)) + "}"); // a whole number that no double holds
    assertEquals(status, answer.status(), answer.error());
    assertEquals(param, answer.json().path("error").path("param").asString());
    assertTrue(answer.error().length() > 5);
  }

  @Test
  void fieldsWithoutEffectNullsAndUnknownOnesDoNotMatter() throws Exception {
    String plain = chat(", 'temperature': 0").text();
    assertEquals(plain, chat(", 'temperature': 0, 'user': 'u', 'metadata': {}, 'store': true, 'service_tier': 'auto', "
        + "'verbosity': 'low', "
        + "'top_p': null, 'stop': null, 'tools': null, 'no_such_field': 1").text());
    assertTrue(client.get("/metrics").response().body().contains("hone_unknown_fields_total 1"));
  }

  @Test
  void aPromptWithoutRoomIsRefusedWithTheCodeThatClientsLookFor() throws Exception {
    Asking.Answer answer = client.post("/v1/completions", "{'model': 'tiny', 'prompt': '" + "x".repeat(500) + "'}");
    assertEquals(400, answer.status());
    assertEquals("context_length_exceeded", answer.json().path("error").path("code").asString());
  }

  @Test
  void promptsMayBeTextsOrIdsAndAreEchoedIfAsked() throws Exception {
    Asking.Answer both = client.post("/v1/completions", "{'model': 'tiny', 'prompt': ['Hello', 'Hi'], 'temperature': 0, "
        + "'echo': true}");
    assertEquals("Hello" + written("Hello", 16), both.choice(0).path("text").asString());
    assertEquals("Hi" + written("Hi", 16), both.choice(1).path("text").asString());
    int[] ids = generator.prompt("Hello");
    Asking.Answer byId = client.post("/v1/completions", "{'model': 'tiny', 'prompt': " + Asking.JSON.writeValueAsString(ids)
        + ", 'temperature': 0}");
    assertEquals(written("Hello", 16), byId.choice(0).path("text").asString());
    assertEquals(400, client.post("/v1/completions", "{'model': 'tiny', 'prompt': [100000]}").status());
  }

  @Test
  void toolsGoThroughTheTemplateAndMayBeTurnedOff() throws Exception {
    String tools = ", 'temperature': 0, 'tools': [{'type': 'function', 'function': {'name': 'weather'}}]";
    Asking.Answer with = chat(tools);
    assertEquals(200, with.status(), with.error());
    assertTrue(with.json().path("usage").path("prompt_tokens").asInt() > chat("").json().path("usage").path("prompt_tokens")
        .asInt());
    assertEquals(chat("").json().path("usage").path("prompt_tokens"),
        chat(tools + ", 'tool_choice': 'none'").json().path("usage").path("prompt_tokens"));
  }

  @Test
  void aFinalMessageMayBeContinued() throws Exception {
    Asking.Answer answer = client.post("/v1/chat/completions",
        "{'model': 'tiny', 'continue_final_message': true, 'max_tokens': 3, "
        + "'messages': [{'role': 'user', 'content': 'Hello'}, {'role': 'assistant', 'content': 'Good'}]}");
    assertEquals(200, answer.status(), answer.error());
    assertEquals(1 + 6 + 5 + 1 + 11 + 4, answer.json().path("usage").path("prompt_tokens").asInt());
  }
}
