use std::error::Error;
use std::sync::Arc;

use watershed::postgres::tokio_postgres::Client;
use watershed::postgres::{Options, PostgresLog};
use watershed::prelude::*;

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(category = "order", prefix = "shop.order")]
pub enum OrderEvent {
    Paid { cents: i64 },
}

/// What has been paid for an order: folded from the events, and kept in `orders` by the shop's own code as ever.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema)]
#[read_model(name = "payments", version = 1, on(OrderEvent))]
#[contract(owner = "accounting", fresh = operational(2s))]
pub struct Payments {
    #[key(stream)]
    pub order: String,
    pub cents: i64,
}

impl On<OrderEvent> for Payments {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<OrderEvent>) -> Applied {
        let OrderEvent::Paid { cents } = event.data;
        let order = event.stream.id.to_string();
        row.get_or_put_with(|| Payments { order, cents: 0 }).cents += cents;
        Ok(())
    }
}

#[derive(Query, Deserialize, JsonSchema)]
#[query(name = "payments_of")]
pub struct PaymentsOf {
    pub order: String,
}

impl Query for PaymentsOf {
    type Answer = One<Payments>;

    fn ask(&self) -> Self::Answer {
        One::with_key(&self.order)
    }
}

pub struct Shop {
    pub running: Running,
    pub log: Arc<PostgresLog>,
}

impl Shop {
    pub async fn open(server: &str) -> Result<Self, Box<dyn Error>> {
        let log = Arc::new(PostgresLog::open(Options::new(server)).await?);
        let shop =
            Context::new("shop").policy(AllowAll).read_models::<(Payments,)>().queries::<(PaymentsOf,)>();
        Ok(Self { running: shop.start(watershed::on_postgres_with(log.clone()).await?).await?, log })
    }

    /// Takes a payment. Gives a token: whoever asks with it sees the payment.
    pub async fn pay(
        &self,
        client: &mut Client,
        order: i64,
        cents: i64,
        key: &str,
    ) -> Result<Token, Box<dyn Error>> {
        let mut transaction = client.transaction().await?;
        // First everything of your own,
        let update = "UPDATE orders SET paid = paid + $2 WHERE id = $1";
        if transaction.execute(update, &[&order, &cents]).await? == 0 {
            return Err("there is no such order".into());
        }
        // then the events,
        let paid = self.running.record(order.to_string(), vec![OrderEvent::Paid { cents }]).key(key);
        let appended = self.log.append_within(&mut transaction, paid.append()?).await?;
        // and nothing but the end.
        transaction.commit().await?;
        Ok(self.running.token_at(appended.position))
    }
}
