package dev.hone.example;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.EmbeddingCreateParams;

/** Asks a running {@code hone serve}: arguments are its address, a model that chats, and one that embeds. */
public final class Ask {
  private Ask() {}

  public static void main(String[] arguments) {
    OpenAIClient client = OpenAIOkHttpClient.builder().baseUrl(arguments[0] + "/v1").apiKey("none").build();
    ChatCompletionCreateParams chat = ChatCompletionCreateParams.builder().model(arguments[1]).addUserMessage("Once upon a time")
        .temperature(0).maxCompletionTokens(20).build();
    ChatCompletion whole = client.chat().completions().create(chat);
    String text = whole.choices().getFirst().message().content().orElse("");
    StringBuilder pieces = new StringBuilder();
    int[] count = {0};
    try (StreamResponse<ChatCompletionChunk> stream = client.chat().completions().createStreaming(chat)) {
      stream.stream().flatMap(chunk -> chunk.choices().stream()).forEach(choice -> choice.delta().content().ifPresent(piece -> {
        pieces.append(piece);
        count[0]++;
      }));
    }
    check(!text.isEmpty(), "chat: " + text);
    check(pieces.toString().equals(text) && count[0] > 3, "stream: the same text in " + count[0] + " pieces");
    CreateEmbeddingResponse vectors = client.embeddings().create(EmbeddingCreateParams.builder().model(arguments[2])
        .input("a small dog").build());
    double squares = vectors.data().getFirst().embedding().stream().mapToDouble(x -> (double) x * x).sum();
    check(Math.abs(squares - 1) < 1e-3, "vectors: " + vectors.data().getFirst().embedding().size() + " numbers of length 1");
    client.close();
  }

  private static void check(boolean holds, String what) {
    System.out.println((holds ? "ok    " : "FAIL  ") + what);
    if (!holds) {
      System.exit(1);
    }
  }
}
