// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights.checkpoint;

import dev.wanlet.weights.WeightFormatException;
import dev.wanlet.weights.WeightSource;
import dev.wanlet.weights.WeightTensor;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Ways of storing matrices that Wanlet does not read, known by the names of the tensors that come
 * with them. Stateless, thread-safe.
 */
final class ForeignForms {
  private static final Map<String, Pattern> FORMS =
      Map.of(
          "NVFP4", Pattern.compile("\\.weight_scale_2$"),
          "quanto's integers (optimum-quanto)", Pattern.compile("\\._(data|scale|shift)$"),
          "GPTQ or AWQ integers", Pattern.compile("\\.(qweight|qzeros)$"),
          "SVDQuant (Nunchaku)", Pattern.compile("\\.(wscales|wtscale|smooth_factor)$"),
          "bitsandbytes' 4-bit numbers",
              Pattern.compile("\\.(absmax|quant_map)$|\\.quant_state\\."),
          "bitsandbytes' int8", Pattern.compile("\\.(SCB|weight_format)$"),
          "packed integers (compressed-tensors)", Pattern.compile("\\.weight_packed$"),
          "FSDP's flat parameters, which belong together in several files",
              Pattern.compile("(^|[._])flat_param(_\\d+)?$"));

  private ForeignForms() {}

  /**
   * Refuses a source in such a form.
   *
   * @throws WeightFormatException naming it
   */
  static void refuse(WeightSource source) throws WeightFormatException {
    for (WeightTensor tensor : source.tensors()) {
      refuse(source, tensor.name());
    }
    for (String name : source.passedOver().keySet()) {
      refuse(source, name);
    }
  }

  private static void refuse(WeightSource source, String name) throws WeightFormatException {
    for (Map.Entry<String, Pattern> form : FORMS.entrySet()) {
      if (form.getValue().matcher(name).find()) {
        throw refusal(source, name, form.getKey());
      }
    }
  }

  static WeightFormatException refusal(WeightSource source, String name, String form) {
    return new WeightFormatException(
        source.files().get(0),
        String.format(
            "'%s' shows that its matrices are stored as %s, which Wanlet does not read; take the"
                + " F16, BF16 or fp8 version of this model, or a GGUF",
            name, form));
  }
}
