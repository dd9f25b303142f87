// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wanlet.wan.text.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tokenizer models with texts and their ids. Ids are compared as numbers; {@code pieces} and {@code
 * decoded} are 1 where the strings are the reference's.
 */
final class TokenizerCase implements ParityCase {
  private static final int MAX_LENGTH = 1 << 20;
  private static final float[] SAME = {1};
  private static final float[] OTHER = {0};

  /** A model and the file with its texts. */
  private record Model(String file, String name, JsonNode reference) {}

  private static List<Model> models(ParityFolder folder) throws IOException {
    List<Model> models = new ArrayList<>();
    for (JsonNode pair : folder.required("cases")) {
      if (pair.size() != 2) {
        throw folder.bad("'cases' holds " + pair + ", expected pairs of a model and a JSON file");
      }
      String json = pair.get(1).asText();
      models.add(
          new Model(pair.get(0).asText(), json.replaceFirst("\\.json$", ""), folder.json(json)));
    }
    return models;
  }

  @Override
  public Map<String, float[]> expected(ParityFolder folder) throws IOException {
    Map<String, float[]> expected = new LinkedHashMap<>();
    for (Model model : models(folder)) {
      JsonNode r = model.reference;
      expected.put(
          model.name + ".vocabulary",
          new float[] {
            r.path("vocab_size").asInt(),
            r.path("pad_id").asInt(),
            r.path("eos_id").asInt(),
            r.path("unk_id").asInt()
          });
      int i = 0;
      for (JsonNode text : r.path("cases")) {
        String tap = model.name + "." + i++ + ".";
        expected.put(tap + "ids_with_eos", floats(ints(text.path("ids_with_eos"))));
        expected.put(tap + "pieces", SAME);
        expected.put(tap + "decoded", SAME);
      }
    }
    return expected;
  }

  @Override
  public void run(ParityFolder folder, Engine engine, Sink sink) throws IOException {
    for (Model model : models(folder)) {
      try (Tokenizer tokenizer = Tokenizer.open(folder.directory().resolve(model.file))) {
        sink.accept(
            model.name + ".vocabulary",
            new float[] {
              tokenizer.vocabularySize(), tokenizer.padId(), tokenizer.eosId(), tokenizer.unkId()
            });
        int i = 0;
        for (JsonNode text : model.reference.path("cases")) {
          String tap = model.name + "." + i++ + ".";
          String value = text.path("text").asText();
          int[] ids = tokenizer.encode(value, MAX_LENGTH);
          List<String> pieces = new ArrayList<>();
          text.path("pieces").forEach(piece -> pieces.add(piece.asText()));
          boolean samePieces = tokenizer.pieces(value).equals(pieces);
          String decoded = tokenizer.decode(ints(text.path("ids_with_eos")));
          boolean sameText = decoded.equals(text.path("decoded").asText());
          sink.accept(tap + "ids_with_eos", floats(ids));
          sink.accept(tap + "pieces", samePieces ? SAME : OTHER);
          sink.accept(tap + "decoded", sameText ? SAME : OTHER);
        }
      }
    }
  }

  static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }

  static float[] floats(int[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = values[i];
    }
    return floats;
  }
}
