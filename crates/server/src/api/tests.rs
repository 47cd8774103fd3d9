use super::*;

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_problem() {
    let answer = answered(std::future::pending(), Duration::ZERO).await;
    assert_eq!(answer.status(), axum::http::StatusCode::SERVICE_UNAVAILABLE);
    let body = axum::body::to_bytes(answer.into_body(), 1_000).await.expect("it is in memory");
    assert!(String::from_utf8_lossy(&body).contains("there was no answer within 0 ms"), "{body:?}");
}
