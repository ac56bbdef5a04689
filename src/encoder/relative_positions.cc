#include "encoder/relative_positions.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "encoder/deberta_tensors.h"
#include "encoder/task_team.h"
#include "encoder/tensor_loader.h"
#include "kernels/attention.h"

namespace bertqa {
namespace {

/// A logarithm of a float32, rounded to float32.
float Log(float value) {
  return static_cast<float>(std::log(static_cast<double>(value)));
}

std::ptrdiff_t Bucket(const DebertaConfig& config, std::ptrdiff_t distance) {
  const std::size_t exact = config.distance_buckets / 2;
  const auto size = static_cast<std::size_t>(std::abs(distance));
  if (size <= exact) {
    return distance;
  }
  const auto half = static_cast<float>(exact);
  const auto farthest =
      static_cast<float>(static_cast<double>(config.max_distance - 1) / static_cast<double>(exact));
  const float share = Log(static_cast<float>(size) / half) / Log(farthest);
  const auto bucket = static_cast<std::ptrdiff_t>(std::ceil(share * (half - 1)) + half);
  return distance < 0 ? -bucket : bucket;
}

/// Of query - key = `sign` · distance, for distances from 1 - max_tokens on.
OrderedRows Order(const DebertaConfig& config, std::size_t max_tokens, std::ptrdiff_t sign) {
  const auto last = static_cast<std::ptrdiff_t>(max_tokens) - 1;
  std::vector<std::size_t> stored;
  std::vector<std::int32_t> row_of_distance;
  row_of_distance.reserve(2 * max_tokens - 1);
  for (std::ptrdiff_t distance = -last; distance <= last; ++distance) {
    const std::size_t row = RelativeRow(config, sign * distance);
    if (stored.empty() || stored.back() != row) {
      stored.push_back(row);
    }
    row_of_distance.push_back(static_cast<std::int32_t>(stored.size() - 1));
  }
  return {.stored = std::move(stored), .of_distance = DistanceRows(row_of_distance)};
}

/// The relative table [2 · span, H], normalised if the network does that.
AlignedBuffer<float> ReadTable(const TensorLoader& loader) {
  const EncoderConfig& config = loader.config();
  const std::size_t rows = 2 * config.deberta.table_span();
  AlignedBuffer<float> table = loader.Float(RelativeTableName(), rows * config.hidden_size);
  if (config.deberta.normalises_table) {
    const LayerNorm norm = loader.ReadNorm(RelativeNormPlace(), config.hidden_size);
    Normalise(loader.options().isa, norm, table.data(), /*residual=*/nullptr, rows);
  }
  return table;
}

/// Products of a table's rows with one weight, transposed and scaled as PositionTable asks for.
class Projector {
 public:
  Projector(const TensorLoader& loader, const AlignedBuffer<float>& table)
      : loader_(loader), table_(table) {}

  AlignedBuffer<float> Project(const std::string& weight, const OrderedRows& order) const {
    const EncoderConfig& config = loader_.config();
    const std::size_t hidden = config.hidden_size;
    const std::size_t rows = order.stored.size();
    const PackedLinear linear =
        loader_.ReadLinears({StoredRows{weight}}, hidden, hidden, Precision::kFloat32);
    const std::size_t stride = PositionTableStride(rows);
    AlignedBuffer<float> columns(hidden * stride);
    const float factor = ScoreFactor(config.head_size(), config.deberta.score_terms);
    AlignedBuffer<float> input(kBlock * hidden);
    AlignedBuffer<float> output(kBlock * hidden);
    for (std::size_t first = 0; first < rows; first += kBlock) {
      const std::size_t count = std::min(kBlock, rows - first);
      for (std::size_t row = 0; row < count; ++row) {
        std::copy_n(table_.data() + order.stored[first + row] * hidden, hidden,
                    input.data() + row * hidden);
      }
      Multiply({.data = reinterpret_cast<const std::byte*>(input.data()),
                .stride_bytes = hidden * sizeof(float)},
               count, linear, Activation::kNone, {.floats = output.data(), .stride = hidden});
      for (std::size_t column = 0; column < hidden; ++column) {
        for (std::size_t row = 0; row < count; ++row) {
          columns.data()[column * stride + first + row] =
              factor * output.data()[row * hidden + column];
        }
      }
    }
    return columns;
  }

 private:
  static constexpr std::size_t kBlock = 64;  // rows of a product

  const TensorLoader& loader_;
  const AlignedBuffer<float>& table_;
};

PositionTable View(const AlignedBuffer<float>& columns, const OrderedRows& order,
                   std::size_t first_column) {
  if (columns.size() == 0) {
    return {};
  }
  const std::size_t stride = PositionTableStride(order.stored.size());
  return {.columns = columns.data() + first_column * stride,
          .stride = stride,
          .rows = &order.of_distance};
}

}  // namespace

std::size_t RelativeRow(const DebertaConfig& config, std::ptrdiff_t distance) {
  const auto span = static_cast<std::ptrdiff_t>(config.table_span());
  const std::ptrdiff_t bucket = config.distance_buckets == 0 ? distance : Bucket(config, distance);
  return static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(bucket + span, 0, 2 * span - 1));
}

RelativeOrders OrderRelativeRows(const DebertaConfig& config, std::size_t max_tokens) {
  return {.keys = Order(config, max_tokens, /*sign=*/-1),
          .queries = Order(config, max_tokens, /*sign=*/1)};
}

PositionTerms RelativePositions::Terms(std::size_t layer_index, std::size_t first_column) const {
  const PositionProjections& layer = layers[layer_index];
  return {.keys = View(layer.keys, orders.keys, first_column),
          .queries = View(layer.queries, orders.queries, first_column)};
}

std::unique_ptr<const RelativePositions> LoadRelativePositions(const TensorLoader& loader,
                                                               std::size_t threads) {
  const EncoderConfig& config = loader.config();
  if (!config.has_position_terms()) {
    return nullptr;
  }
  auto positions = std::make_unique<RelativePositions>(
      RelativePositions{.orders = OrderRelativeRows(config.deberta, config.max_window_tokens()),
                        .layers = std::vector<PositionProjections>(config.layers)});
  const AlignedBuffer<float> table = ReadTable(loader);
  const Projector projector(loader, table);
  const RelativeOrders& orders = positions->orders;
  TaskTeam(std::min(threads, config.layers))
      .ForEach(config.layers, [&](std::size_t layer, std::size_t /*worker*/) {
        PositionProjections& projections = positions->layers[layer];
        if (config.deberta.content_to_position) {
          projections.keys = projector.Project(PositionKeyPlace(config, layer), orders.keys);
        }
        if (config.deberta.position_to_content) {
          projections.queries =
              projector.Project(PositionQueryPlace(config, layer), orders.queries);
        }
      });
  return positions;
}

}  // namespace bertqa
